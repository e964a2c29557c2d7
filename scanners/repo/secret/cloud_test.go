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
		{
			"connection string by its own rule", "connection-string", generic, "\"Odd\": \"Server=sql2.northwind.example\\\\PROD;Database=crm;Uid=crm;Pwd=" + generic + ";\"",
			secret.Info{Type: "database.connection", Name: "Pwd", PublicID: "crm@sql2.northwind.example/crm", Hint: "20 bytes", Attributes: map[string]string{"user": "crm", "host": "sql2.northwind.example", "database": "crm"}},
		},
		{
			"the second of two on a line", "connection-string", generic, `{"a":"Server=sql1.northwind.example;Database=a;User Id=one;Password=short","b":"Server=sql2.northwind.example;Database=b;User Id=two;Password=` + generic + `"}`,
			secret.Info{Type: "database.connection", Name: "Password", PublicID: "two@sql2.northwind.example/b", Hint: "20 bytes", Attributes: map[string]string{"user": "two", "host": "sql2.northwind.example", "database": "b"}},
		},
		{
			"the server behind the password", "connection-string", generic, `connectionString="User Id=crm;Password=` + generic + `;Data Source=ora.northwind.example:1521/svc"`,
			secret.Info{Type: "database.connection", Name: "Password", PublicID: "crm@ora.northwind.example", Hint: "20 bytes", Attributes: map[string]string{"user": "crm", "host": "ora.northwind.example"}},
		},
		{
			"properties behind a JDBC URL", "jdbc-url-password", generic, "url=jdbc:sqlserver://ms.northwind.example:1433;databaseName=orders;user=app;password=" + generic + ";encrypt=true",
			secret.Info{Type: "database.connection", Name: "password", PublicID: "app@ms.northwind.example/orders", Hint: "20 bytes", Attributes: map[string]string{"user": "app", "host": "ms.northwind.example", "database": "orders", "scheme": "jdbc:sqlserver"}},
		},
		{
			"a query behind a JDBC URL", "generic-api-key", generic, "url=jdbc:mysql://my.northwind.example:3306/orders?user=app&password=" + generic,
			secret.Info{Type: "database.connection", Name: "password", PublicID: "app@my.northwind.example/orders", Hint: "20 bytes", Attributes: map[string]string{"user": "app", "host": "my.northwind.example", "database": "orders", "scheme": "jdbc:mysql"}},
		},
		{
			"a login of Oracle", "oracle-jdbc-login", generic, "url=jdbc:oracle:thin:scott/" + generic + "@ora.northwind.example:1521/ORCL",
			secret.Info{Type: "database.connection", PublicID: "scott@ora.northwind.example/ORCL", Hint: "20 bytes", Attributes: map[string]string{"user": "scott", "host": "ora.northwind.example", "database": "ORCL", "scheme": "jdbc:oracle"}},
		},
		{
			"a login of Oracle by a service", "oracle-jdbc-login", generic, `"jdbc:oracle:thin:crm/` + generic + `@//ora2.northwind.example:1521/svc"`,
			secret.Info{Type: "database.connection", PublicID: "crm@ora2.northwind.example/svc", Hint: "20 bytes", Attributes: map[string]string{"user": "crm", "host": "ora2.northwind.example", "database": "svc", "scheme": "jdbc:oracle"}},
		},
		{
			"a login of Oracle by a description", "oracle-jdbc-login", generic, "jdbc:oracle:oci:crm/" + generic + "@(DESCRIPTION=(ADDRESS=(PROTOCOL=TCPS)(HOST=ora.northwind.example)(PORT=2484))(CONNECT_DATA=(SERVICE_NAME=svc)))",
			secret.Info{Type: "database.connection", PublicID: "crm@ora.northwind.example/svc", Hint: "20 bytes", Attributes: map[string]string{"user": "crm", "host": "ora.northwind.example", "database": "svc", "scheme": "jdbc:oracle"}},
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
