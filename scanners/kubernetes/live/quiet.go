package live

import (
	"errors"
	"path/filepath"
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"
)

// hush takes out of an error of client-go what a kubeconfig holds that nobody
// should read: the password of a proxy, and a key or token that stands where the
// path of its file belongs. Those errors repeat it.
func hush(err error, cluster *api.Cluster, user *api.AuthInfo) error {
	text := err.Error()
	hide := func(value, instead string) {
		if value != "" {
			text = strings.ReplaceAll(text, value, instead)
		}
	}
	if cluster != nil && strings.Contains(cluster.ProxyURL, "@") {
		hide(cluster.ProxyURL, "(proxy-url)")
	}
	if cluster != nil {
		hide(pasted(cluster.CertificateAuthority, cluster.LocationOfOrigin), "(what certificate-authority holds is no path)")
	}
	if user != nil {
		hide(pasted(user.ClientKey, user.LocationOfOrigin), "(what client-key holds is no path)")
		hide(pasted(user.ClientCertificate, user.LocationOfOrigin), "(what client-certificate holds is no path)")
		hide(pasted(user.TokenFile, user.LocationOfOrigin), "(what tokenFile holds is no path)")
	}
	if text == err.Error() {
		return err
	}
	return errors.New(text)
}

// pasted returns what stands in place of a path, and nothing if it may be one. The
// loader puts the directory of the kubeconfig before what is relative.
func pasted(path, origin string) string {
	rest := strings.TrimPrefix(path, filepath.Dir(origin)+string(filepath.Separator))
	const name = 16 // bytes, from which on a name without an extension may be a secret
	switch {
	case strings.ContainsAny(rest, "\n\r"), strings.Contains(rest, "-----BEGIN"):
		return rest
	case filepath.IsAbs(rest):
		return ""
	case len(rest) >= 4*name, len(rest) >= name && !strings.ContainsAny(rest, `./\`):
		return rest
	}
	return ""
}
