package correlate

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
)

// What scanners gcp and azure call things (docs/scanners).
const (
	robot     = "gcp:deployer@northwind-prod.iam.gserviceaccount.com"
	appID     = "0000000a-0000-4000-8000-000000000001"
	tenant    = "azure:11111111-2222-3333-4444-555555555555"
	entraApp  = tenant + "/applications/" + appID
	account   = "azure:/subscriptions/a/resourcegroups/data/providers/microsoft.storage/storageaccounts/nwdata"
	gkePool   = "northwind-prod.svc.id.goog[ci/builder]"
	gkeIssuer = "https://container.googleapis.com"
)

// clouds are one service account, one application and one storage account.
func clouds() []rec {
	return []rec{
		identity(robot, "gcp.service_account", "gcp:northwind-prod", func(i *inventory.Identity) {
			i.PublicIDs = []string{"deployer@northwind-prod.iam.gserviceaccount.com", "104444455556666777788"}
		}),
		identity(entraApp, "entra.application", tenant, func(i *inventory.Identity) {
			i.Name, i.PublicIDs = "deployer", []string{appID, "0000000c-0000-4000-8000-000000000001"}
		}),
		secretOf("new", 2026, nil), secretOf("ended", 2020, func(c *inventory.Credential) { c.Disabled = inventory.True }),
		credential(account+"#key/key1", "azure.storage_key", func(c *inventory.Credential) { c.PublicID = "nwdata" }),
		credential(account+"#key/key2", "azure.storage_key", func(c *inventory.Credential) { c.PublicID = "nwdata" }),
		credential(entraApp+"#key/1", "entra.certificate", func(c *inventory.Credential) {
			c.Identity, c.PublicID = entraApp, strings.Repeat("AB12", 10)
		}),
	}
}

// secretOf is a client secret of the application.
func secretOf(name string, year int, change func(*inventory.Credential)) rec {
	return credential(entraApp+"#password/"+name, "azure.client_secret", func(c *inventory.Credential) {
		c.Identity, c.PublicID, c.Name = entraApp, "key-"+name, name
		c.CreatedAt, c.ExpiresAt = time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(year+1, 1, 1, 0, 0, 0, 0, time.UTC)
		if change != nil {
			change(c)
		}
	})
}

func lying(kind string, change func(*inventory.Credential)) rec {
	return credential(leak, kind, func(c *inventory.Credential) {
		c.FoundAt = []inventory.Location{{URI: "deploy/.env"}}
		c.FirstSeenAt = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
		change(c)
	})
}

func inCluster(id, scope string, change func(*inventory.Identity)) rec {
	return identity(id, "kubernetes.service_account", scope, func(i *inventory.Identity) {
		i.Name, i.Attributes = "builder", map[string]string{"namespace": "ci"}
		if change != nil {
			change(i)
		}
	})
}

// letIn is a trust of an identity of a cloud.
func letIn(identity, issuer, subject, claims string) rec {
	t := &inventory.Trust{ID: identity + "#trust/1", Identity: identity, Scope: "cloud", Type: "oidc", Issuer: issuer, Subject: subject}
	if claims != "" {
		t.Attributes = map[string]string{"claims": claims}
	}
	return rec{Trust: t}
}

type join struct {
	name    string
	records []rec
	want    []string
	reason  string // in the first
}

// run correlates and compares what comes of what is added to clouds.
func (j join) run(t *testing.T) {
	t.Helper()
	got := Correlate(build(t, append(clouds(), j.records...)...), Options{}).Relations
	if diff := cmp.Diff(j.want, lines(got)); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	if j.reason != "" && !strings.Contains(got[0].Reason, j.reason) {
		t.Errorf("the reason %q does not say %q", got[0].Reason, j.reason)
	}
	for _, r := range got {
		if err := (rec{Relation: r}).Validate(); err != nil {
			t.Error(err)
		}
	}
}

// TestLeaksOpenClouds joins what lies about with what it opens in a cloud.
func TestLeaksOpenClouds(t *testing.T) {
	keyFile := lying("gcp.service_account_key", func(c *inventory.Credential) {
		c.PublicID, c.Attributes = "0123abcd", map[string]string{"client_email": "deployer@northwind-prod.iam.gserviceaccount.com"}
	})
	secret := func(change func(*inventory.Credential)) rec {
		return lying("azure.client_secret", func(c *inventory.Credential) {
			c.PublicID, c.Attributes = appID, map[string]string{"client_id": appID}
			if change != nil {
				change(c)
			}
		})
	}
	covered := func(scope string) rec {
		return rec{Coverage: &inventory.Coverage{Scanner: "x", Scope: scope, Kind: inventory.KindCredential, Status: inventory.StatusComplete}}
	}
	for _, j := range []join{
		{"a key file whose key is listed", []rec{
			keyFile, credential(robot+"#key/0123abcd", "gcp.service_account_key", func(c *inventory.Credential) { c.Identity, c.PublicID = robot, "0123abcd" }),
		}, []string{
			robot + "#key/0123abcd same_secret " + leak + " by public_id", leak + " authenticates_as " + robot + " by public_id",
		}, ""},
		{"a key file of a project whose keys were not all listed", []rec{keyFile}, []string{leak + " authenticates_as " + robot + " by client_email"}, "is a public id of"},
		{"a key file whose key is gone", []rec{
			lying("gcp.service_account_key", func(c *inventory.Credential) {
				c.PublicID, c.Attributes = "0123abcd", map[string]string{"client_email": "old@northwind-prod.iam.gserviceaccount.com"}
			}),
			identity("gcp:old", "gcp.service_account", "gcp:northwind-prod", func(i *inventory.Identity) {
				i.PublicIDs, i.Attributes = []string{"old@northwind-prod.iam.gserviceaccount.com"}, map[string]string{"keys": "0"}
			}),
		}, []string{leak + " authenticates_as gcp:old by client_email"}, "it was deleted"},
		{"a client secret", []rec{secret(nil)}, []string{leak + " authenticates_as " + entraApp + " by public_id"}, "no id tells: new (until 2027-01-01), or one that has ended"},
		{"a client secret that is older than those that hold", []rec{
			secret(func(c *inventory.Credential) { c.FirstSeenAt = time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC) }), covered(tenant),
		}, []string{leak + " authenticates_as " + entraApp + " by public_id"}, "it was removed or has ended"},
		{"a certificate by its thumbprint", []rec{
			lying("pki.private_key", func(c *inventory.Credential) {
				c.PublicID, c.Attributes = "SHA256:abc", map[string]string{"certificate_sha1": strings.Repeat("AB12", 10)}
			}),
		}, []string{
			entraApp + "#key/1 same_secret " + leak + " by public_id", leak + " authenticates_as " + entraApp + " by public_id",
		}, ""},
		{"a certificate in a vault", []rec{
			credential("azure:vault/c", "azure.key_vault_certificate", func(c *inventory.Credential) { c.PublicID = strings.Repeat("AB12", 10) }),
		}, []string{
			entraApp + "#key/1 same_secret azure:vault/c by public_id", "azure:vault/c authenticates_as " + entraApp + " by public_id",
		}, ""},
		{"a key of a storage account", []rec{lying("azure.storage_key", func(c *inventory.Credential) { c.PublicID = "NWData" })}, []string{
			leak + " authenticates_as " + account + "#key/key1 by public_id, probable", leak + " authenticates_as " + account + "#key/key2 by public_id, probable",
		}, "is a key of nwdata, and may be this one"},
		{"a shared access signature", []rec{lying("azure.sas_token", func(c *inventory.Credential) { c.PublicID = "nwdata.blob.core.windows.net/backups" })}, []string{
			leak + " authenticates_as " + account + "#key/key1 by public_id, probable", leak + " authenticates_as " + account + "#key/key2 by public_id, probable",
		}, "is signed with a key of nwdata"},
		{
			"a shared access signature of something else",
			[]rec{lying("azure.sas_token", func(c *inventory.Credential) { c.PublicID = "nwdata.servicebus.windows.net/q" })},
			nil, "",
		},
	} {
		t.Run(j.name, j.run)
	}
}

// TestWorkloadsReachClouds joins workflows and service accounts of Kubernetes with
// what lets them in: one subject in three clouds.
func TestWorkloadsReachClouds(t *testing.T) {
	flow := identity(workflow, "github.workflow", "github.com/Northwind/welder", func(i *inventory.Identity) { i.Name, i.Declared = "deploy", true })
	const main = "repo:northwind/welder:ref:refs/heads/main"
	const pool = "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/github/"
	for _, j := range []join{
		{"one branch in three clouds", []rec{
			flow, identity(ciRole, "aws.iam_role", "aws:111122223333", nil),
			letIn(ciRole, github[8:], main, ""), letIn(robot, github, main, "repository = northwind/welder"), letIn(entraApp, github, main, ""),
		}, []string{
			workflow + " federates_to " + ciRole + " by subject", workflow + " federates_to " + entraApp + " by subject", workflow + " federates_to " + robot + " by subject",
		}, ""},
		{"a repository of a pool", []rec{flow, letIn(robot, github, pool+"attribute.repository/northwind/welder", "")}, []string{workflow + " federates_to " + robot + " by subject, probable"}, ""},
		{"an attribute of another name", []rec{flow, letIn(robot, github, pool+"attribute.source/northwind/welder", "repository = northwind/welder")}, []string{workflow + " federates_to " + robot + " by subject, probable"}, ""},
		{"a pool whose provider lets one organisation in", []rec{flow, letIn(robot, github, pool+"*", "repository_owner = northwind")}, []string{workflow + " federates_to " + robot + " by subject, probable"}, ""},
		{"a pool whose provider lets another in", []rec{flow, letIn(robot, github, pool+"*", "repository_owner = other; sub = x")}, nil, ""},
		{"a project of GitLab", []rec{
			identity("repo:p", "gitlab.pipeline", "gitlab.northwind.example/line/paint", nil),
			letIn(robot, "https://gitlab.northwind.example", pool+"*", "project_path = line/paint"),
		}, []string{"repo:p federates_to " + robot + " by subject, probable"}, ""},
		{"an account of the pool's project, by the name of its cluster", []rec{
			inCluster("kubernetes:a", "kubernetes:gke_northwind-prod_europe-west1_one", nil), inCluster("kubernetes:b", "kubernetes:gke_northwind-dev_europe-west1_one", nil),
			inCluster("kubernetes:c", "kubernetes:laptop", nil), letIn(robot, gkeIssuer, gkePool, ""),
		}, []string{"kubernetes:a federates_to " + robot + " by subject"}, ""},
		{"an account of the pool's project, by its issuer", []rec{
			inCluster("kubernetes:a", "kubernetes:one", func(i *inventory.Identity) {
				i.Attributes["issuer"] = gkeIssuer + "/v1/projects/northwind-prod/locations/europe-west1/clusters/one"
			}), letIn(robot, gkeIssuer, gkePool, ""),
		}, []string{"kubernetes:a federates_to " + robot + " by subject"}, ""},
		{"an account of another project only", []rec{inCluster("kubernetes:b", "kubernetes:gke_northwind-dev_europe-west1_one", nil), letIn(robot, gkeIssuer, gkePool, "")}, nil, ""},
		{"an account of a cluster that nothing tells of", []rec{inCluster("kubernetes:c", "kubernetes:laptop", nil), letIn(robot, gkeIssuer, gkePool, "")}, []string{"kubernetes:c federates_to " + robot + " by subject, probable"}, ""},
		{"annotations of three clouds", []rec{
			inCluster("kubernetes:a", "kubernetes:one", func(i *inventory.Identity) {
				i.Attributes["gcp_service_account"], i.Attributes["azure_client_id"] = "deployer@northwind-prod.iam.gserviceaccount.com", appID
				i.Attributes["aws_role_arn"] = "arn:aws:iam::111122223333:role/deploy"
			}), identity(ciRole, "aws.iam_role", "aws:111122223333", nil),
		}, []string{
			"kubernetes:a federates_to " + ciRole + " by annotation", "kubernetes:a federates_to " + entraApp + " by annotation", "kubernetes:a federates_to " + robot + " by annotation",
		}, ""},
		{"an account of AKS, by its issuer", []rec{
			inCluster("kubernetes:a", "kubernetes:one", func(i *inventory.Identity) { i.Attributes["issuer"] = "https://westeurope.oic.example/t/one" }),
			letIn(entraApp, "https://westeurope.oic.example/t/one/", "system:serviceaccount:ci:builder", ""),
		}, []string{"kubernetes:a federates_to " + entraApp + " by subject"}, ""},
		{"an application that owns another", []rec{
			identity(tenant+"/applications/2", "entra.application", tenant, nil),
			{Trust: &inventory.Trust{ID: "azure:2#owner", Identity: tenant + "/applications/2", Scope: tenant, Type: "delegation", Subject: "0000000c-0000-4000-8000-000000000001"}},
		}, []string{entraApp + " federates_to " + tenant + "/applications/2 by subject"}, ""},
		{"a declared account and its live one", []rec{
			identity("repo:tf/gcp", "gcp.service_account", "w", func(i *inventory.Identity) {
				i.Declared, i.PublicIDs = true, []string{"deployer@northwind-prod.iam.gserviceaccount.com"}
			}),
		}, []string{"repo:tf/gcp same_identity " + robot + " by public_id"}, ""},
	} {
		t.Run(j.name, j.run)
	}
}
