package secret_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/muster-nhi/muster/scanners/repo/secret"
)

func TestDescribeCloud(t *testing.T) {
	end := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	sig := generic + generic + "abc"
	for _, tt := range []struct {
		name, rule, value, context string
		want                       secret.Info
	}{
		{
			"SAS", "azure-sas-token", sig, "url = 'https://northwind.blob.core.windows.net/backup/a.tgz?sv=2024-11-04&se=2027-01-02T03%3A04%3A05Z&sr=b&sp=rw&sig=" + sig + "'\n",
			secret.Info{Type: "azure.sas_token", Name: "sig", PublicID: "northwind.blob.core.windows.net/backup/a.tgz", Hint: "43 bytes", ExpiresAt: end, Attributes: map[string]string{"host": "northwind.blob.core.windows.net", "permissions": "rw", "resource": "b"}},
		},
		{
			"SAS of a bus", "azure-sas-token", sig, "Authorization: SharedAccessSignature sr=sb%3A%2F%2Fbus.example&sig=" + sig + "&se=1798858845&skn=send",
			secret.Info{Type: "azure.sas_token", Name: "sig", Hint: "43 bytes", ExpiresAt: time.Unix(1798858845, 0).UTC(), Attributes: map[string]string{"resource": "sb://bus.example", "key_name": "send"}},
		},
		{"SAS without its URL", "azure-sas-token", sig, "", secret.Info{Type: "azure.sas_token", Hint: "43 bytes"}},
		{
			"storage account", "azure-storage-account-key", sig, "DefaultEndpointsProtocol=https;AccountName=northwind;AccountKey=" + sig + ";EndpointSuffix=core.windows.net",
			secret.Info{Type: "azure.storage_key", Name: "AccountKey", PublicID: "northwind", Hint: "43 bytes", Attributes: map[string]string{"storage_account": "northwind"}},
		},
		{
			"bus", "azure-shared-access-key", sig, "Endpoint=sb://bus.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=" + sig,
			secret.Info{Type: "azure.shared_access_key", Name: "SharedAccessKey", PublicID: "send@bus.servicebus.windows.net", Hint: "43 bytes", Attributes: map[string]string{"host": "bus.servicebus.windows.net", "key_name": "send"}},
		},
		{
			"Discord", "discord-webhook-url", "https://discord.com/api/webhooks/123456789012345678/" + sig, "",
			secret.Info{Type: "discord.webhook_url", PublicID: "123456789012345678", Hint: "https://discord.com/api/webhooks/… 95 bytes"},
		},
		{
			"connection string of keywords", "generic-api-key", generic, "Server=tcp:db.northwind.example,1433;Initial Catalog=orders;User ID=app;Password=" + generic + ";Encrypt=True",
			secret.Info{Type: "database.connection", Name: "Password", PublicID: "app@db.northwind.example/orders", Hint: "20 bytes", Attributes: map[string]string{"user": "app", "host": "db.northwind.example", "database": "orders"}},
		},
		{
			"libpq", "generic-api-key", generic, "dsn = \"host=db.northwind.example user=app password=" + generic + " dbname=orders\"",
			secret.Info{Type: "database.connection", Name: "password", PublicID: "app@db.northwind.example/orders", Hint: "20 bytes", Attributes: map[string]string{"user": "app", "host": "db.northwind.example", "database": "orders"}},
		},
		{"a password, no host", "generic-api-key", generic, "user = app\npassword = " + generic, secret.Info{Type: "generic.secret", Name: "password", Hint: "20 bytes"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := secret.Describe(tt.rule, []byte(tt.value), []byte(tt.context))
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			noPiece(t, secret.Info{Name: got.Name, PublicID: got.PublicID, Attributes: got.Attributes}, []byte(tt.value[max(0, len(tt.value)-20):]))
		})
	}
}
