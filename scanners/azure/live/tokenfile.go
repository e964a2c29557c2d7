package live

import (
	"fmt"
	"os"
)

// tokenFile is the variable that names the file of a federated token (azidentity,
// WorkloadIdentityCredential).
const tokenFile = "AZURE_FEDERATED_TOKEN_FILE"

// MissingToken says that the file of the federated token that the environment names
// cannot be read. It is nil if none is named, or if a secret or a certificate is, which
// the default chain tries before.
func MissingToken(getenv func(string) string) error {
	file := getenv(tokenFile)
	for _, other := range []string{"AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH"} {
		if getenv(other) != "" {
			return nil
		}
	}
	if file == "" || readable(file) {
		return nil
	}
	return fmt.Errorf("%s names %s, which is not there or cannot be read: have the token of the workload put there, or unset the variable to sign in otherwise", tokenFile, file)
}

func readable(file string) bool {
	f, err := os.Open(file)
	if err != nil {
		return false
	}
	_ = f.Close() // nothing was written
	return true
}

// federated refuses to sign in with a token that is not there: who asks for one would say
// so only after the first request, and the default chain tries no other way then.
func (o *Options) federated() error {
	switch o.Credential {
	case KindFederated:
		if o.TokenFile == "" {
			file := o.Getenv(tokenFile)
			if file != "" && !readable(file) {
				return fmt.Errorf("sign in by federated token: %s names %s, which is not there or cannot be read: have the token of the workload put there, or name its file (token_file)", tokenFile, file)
			}
			return nil
		}
		if !readable(o.TokenFile) {
			return fmt.Errorf("sign in by federated token: %s (token_file) is not there or cannot be read: have the token of the workload put there", o.TokenFile)
		}
	case KindAuto:
		if o.Getenv("AZURE_CLIENT_ID") == "" || o.Tenant == "" && o.Getenv("AZURE_TENANT_ID") == "" || o.Getenv("AZURE_TOKEN_CREDENTIALS") != "" {
			return nil // the chain does not sign in with it, or only it knows
		}
		if err := MissingToken(o.Getenv); err != nil {
			return fmt.Errorf("sign in to Azure: %w", err)
		}
	case KindEnvironment, KindCertificate, KindSecret, KindManagedIdentity, KindCLI:
	}
	return nil
}
