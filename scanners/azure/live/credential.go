package live

import (
	"cmp"
	"errors"
	"fmt"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/muster-nhi/muster/scanners/azure/live/wire"
)

// A place is where a cloud is asked.
type place struct {
	cloud        cloud.Configuration
	graph        string // address and audience
	vault        string // suffix of the names of vaults
	graphReports bool   // the beta reports of sign-ins exist (docs of Graph: global service only)
}

// placeOf returns where a cloud is asked (azcore/cloud; docs of Graph, national
// clouds).
func placeOf(c Cloud) place {
	switch c {
	case CloudGovernment:
		return place{cloud: cloud.AzureGovernment, graph: "https://graph.microsoft.us", vault: ".vault.usgovcloudapi.net"}
	case CloudChina:
		return place{cloud: cloud.AzureChina, graph: "https://microsoftgraph.chinacloudapi.cn", vault: ".vault.azure.cn"}
	default:
		return place{cloud: cloud.AzurePublic, graph: "https://graph.microsoft.com", vault: ".vault.azure.net", graphReports: true}
	}
}

// configuration returns the cloud's, with the addresses that the options name.
func (o *Options) configuration(p place) cloud.Configuration {
	c := cloud.Configuration{
		ActiveDirectoryAuthorityHost: cmp.Or(o.AuthorityHost, p.cloud.ActiveDirectoryAuthorityHost),
		Services:                     map[cloud.ServiceName]cloud.ServiceConfiguration{},
	}
	arm := p.cloud.Services[cloud.ResourceManager]
	arm.Endpoint = cmp.Or(o.ARMEndpoint, arm.Endpoint)
	c.Services[cloud.ResourceManager] = arm
	return c
}

// tokenRate is how many requests a second the token endpoint gets at most. There are
// few: tokens are kept.
const tokenRate = 5

// credential returns what signs in. It sends nothing.
func (o *Options) credential(c cloud.Configuration, carry wire.Options) (azcore.TokenCredential, error) {
	if o.Token != nil {
		return o.Token, nil
	}
	if err := o.federated(); err != nil {
		return nil, err
	}
	client := carry.Client(tokenRate)
	client.Cloud = c
	// A named host of tokens is no host that Microsoft knows, so that asking
	// Microsoft about it would fail.
	alone := o.AuthorityHost != ""
	switch o.Credential {
	case KindEnvironment:
		return named(azidentity.NewEnvironmentCredential(&azidentity.EnvironmentCredentialOptions{ClientOptions: client, DisableInstanceDiscovery: alone}))
	case KindCertificate:
		return o.certificate(client, alone)
	case KindSecret:
		secret := o.Getenv("AZURE_CLIENT_SECRET")
		if secret == "" {
			return nil, errors.New("sign in by secret: AZURE_CLIENT_SECRET is not set")
		}
		return named(azidentity.NewClientSecretCredential(o.Tenant, o.ClientID, secret, &azidentity.ClientSecretCredentialOptions{ClientOptions: client, DisableInstanceDiscovery: alone}))
	case KindFederated:
		return named(azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: client, ClientID: o.ClientID, TenantID: o.Tenant, TokenFilePath: o.TokenFile, DisableInstanceDiscovery: alone,
		}))
	case KindManagedIdentity:
		options := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: client}
		if o.ClientID != "" {
			options.ID = azidentity.ClientID(o.ClientID)
		}
		return named(azidentity.NewManagedIdentityCredential(options))
	case KindCLI:
		return named(azidentity.NewAzureCLICredential(&azidentity.AzureCLICredentialOptions{TenantID: o.Tenant}))
	default:
		return named(azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
			ClientOptions: client, TenantID: o.Tenant, DisableInstanceDiscovery: alone,
		}))
	}
}

// certificate signs in with a private key.
func (o *Options) certificate(client policy.ClientOptions, alone bool) (azcore.TokenCredential, error) {
	data, err := os.ReadFile(o.CertificateFile)
	if err != nil {
		return nil, fmt.Errorf("sign in by certificate: %w", err)
	}
	certificates, key, err := azidentity.ParseCertificates(data, []byte(o.Getenv("AZURE_CLIENT_CERTIFICATE_PASSWORD")))
	if err != nil {
		return nil, fmt.Errorf("sign in by certificate: %s cannot be read, or AZURE_CLIENT_CERTIFICATE_PASSWORD does not open it", o.CertificateFile)
	}
	return named(azidentity.NewClientCertificateCredential(o.Tenant, o.ClientID, certificates, key, &azidentity.ClientCertificateCredentialOptions{
		ClientOptions: client, DisableInstanceDiscovery: alone,
	}))
}

// named passes a credential on. Its error names what is missing, not its value.
func named[T azcore.TokenCredential](c T, err error) (azcore.TokenCredential, error) {
	if err != nil {
		return nil, fmt.Errorf("sign in to Azure: %w", err)
	}
	return c, nil
}
