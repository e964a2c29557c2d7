package correlate

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
)

const (
	liveScope = "kubernetes:prod"
	saidScope = "manifests:deploy"
)

// cluster makes the records of one side.
type cluster struct {
	scope    string
	declared bool
	of       string // scope of the cluster that manifests describe
}

func (c cluster) account(name string, change func(*inventory.Identity)) rec {
	ns, _, _ := strings.Cut(name, "/")
	i := &inventory.Identity{
		ID: c.scope + "/serviceaccounts/" + name, Type: "kubernetes.service_account", Scope: c.scope, Name: name, Declared: c.declared,
		PublicIDs: []string{"system:serviceaccount:" + strings.ReplaceAll(name, "/", ":")}, Attributes: map[string]string{"namespace": ns},
	}
	if c.of != "" {
		i.Attributes["cluster_scope"] = c.of
	}
	if change != nil {
		change(i)
	}
	return rec{Identity: i}
}

func (c cluster) grant(binding, role string, change func(*inventory.Grant)) rec {
	ns, name, ok := strings.Cut(binding, "/")
	g := &inventory.Grant{
		ID: c.scope + "/clusterrolebindings/" + binding + "/User/ann", Principal: c.scope + "/users/ann", Scope: c.scope, Name: role, Declared: c.declared,
		Level: inventory.LevelRead, Attributes: map[string]string{"binding": binding, "role_kind": "ClusterRole"},
	}
	if ok {
		g.ID = c.scope + "/rolebindings/" + binding + "/User/ann"
		g.Attributes["binding"], g.Attributes["binding_namespace"] = name, ns
	}
	if change != nil {
		change(g)
	}
	return rec{Grant: g}
}

func (c cluster) coverage(kind inventory.Kind, status inventory.Status) rec {
	v := &inventory.Coverage{Scanner: "x", Scope: c.scope, Kind: kind, Status: status}
	if status != inventory.StatusComplete {
		v.Reason = "forbidden"
	}
	return rec{Coverage: v}
}

func TestDrift(t *testing.T) {
	live := cluster{scope: liveScope}
	said := cluster{scope: saidScope, declared: true, of: liveScope}
	more := cluster{scope: "manifests:more", declared: true, of: liveScope}
	full := func(kind inventory.Kind, sides ...cluster) (out []rec) {
		for _, s := range sides {
			out = append(out, s.coverage(kind, inventory.StatusComplete))
		}
		return out
	}
	identities := func(list ...rec) []rec { return append(full(inventory.KindIdentity, live, said), list...) }
	grants := func(list ...rec) []rec {
		return append(append(full(inventory.KindGrant, live, said), said.account("pay/default", nil), said.account("pay/x", nil)), list...)
	}
	set := func(key, value string) func(*inventory.Identity) {
		return func(i *inventory.Identity) { i.Attributes[key] = value }
	}
	for _, tt := range []struct {
		name    string
		records []rec
		want    []string
	}{
		{"on both sides", identities(live.account("pay/run", nil), said.account("pay/run", nil)), []string{
			"manifests:deploy/serviceaccounts/pay/run same_identity kubernetes:prod/serviceaccounts/pay/run by cluster",
		}},
		{"declared and not there", identities(said.account("pay/run", nil)), []string{
			"manifests:deploy/serviceaccounts/pay/run declared_only kubernetes:prod/serviceaccounts/pay/run by cluster, unknown",
		}},
		{"there and not declared", identities(live.account("pay/hand", nil), live.account("pay/run", nil), said.account("pay/run", nil)), []string{
			"kubernetes:prod/serviceaccounts/pay/hand live_only manifests:deploy/serviceaccounts/pay/hand by cluster, unknown",
			"manifests:deploy/serviceaccounts/pay/run same_identity kubernetes:prod/serviceaccounts/pay/run by cluster",
		}},
		{"there, in a namespace that no manifest is about", identities(live.account("other/hand", nil), live.account("pay/run", nil), said.account("pay/run", nil)), []string{
			"kubernetes:prod/serviceaccounts/other/hand live_only manifests:deploy/serviceaccounts/other/hand by cluster, probable, unknown",
			"manifests:deploy/serviceaccounts/pay/run same_identity kubernetes:prod/serviceaccounts/pay/run by cluster",
		}},
		{"what comes with the cluster", identities(
			live.account("pay/default", set("default", "true")), said.account("pay/run", nil), live.account("pay/run", nil),
			live.account("kube-system/attachdetach-controller", func(i *inventory.Identity) { i.ManagedBy = "kubernetes" }),
		), []string{"manifests:deploy/serviceaccounts/pay/run same_identity kubernetes:prod/serviceaccounts/pay/run by cluster"}},
		{"only named by bindings", identities(
			live.account("pay/gone", set("missing", "true")), said.account("pay/gone", nil), said.account("pay/named", set("inferred", "true")),
			live.account("pay/made", nil), said.account("pay/made", set("inferred", "true")),
		), []string{
			"manifests:deploy/serviceaccounts/pay/gone declared_only kubernetes:prod/serviceaccounts/pay/gone by cluster, unknown",
			"manifests:deploy/serviceaccounts/pay/made same_identity kubernetes:prod/serviceaccounts/pay/made by cluster",
		}},
		{"the cluster was read in part", []rec{
			live.coverage(inventory.KindIdentity, inventory.StatusPartial), said.coverage(inventory.KindIdentity, inventory.StatusComplete),
			live.account("pay/a", nil), said.account("pay/a", nil), live.account("pay/b", nil), said.account("pay/c", nil), live.account("pay/d", set("inferred", "true")), said.account("pay/d", nil),
		}, []string{
			"kubernetes:prod/serviceaccounts/pay/b drift_unknown manifests:deploy/serviceaccounts/pay/b by cluster, probable, unknown",
			"manifests:deploy/serviceaccounts/pay/a same_identity kubernetes:prod/serviceaccounts/pay/a by cluster",
			"manifests:deploy/serviceaccounts/pay/c drift_unknown kubernetes:prod/serviceaccounts/pay/c by cluster, probable, unknown",
			"manifests:deploy/serviceaccounts/pay/d drift_unknown kubernetes:prod/serviceaccounts/pay/d by cluster, probable, unknown",
		}},
		{"the cluster was denied", []rec{
			live.coverage(inventory.KindIdentity, inventory.StatusDenied), said.coverage(inventory.KindIdentity, inventory.StatusComplete), said.account("pay/c", nil),
		}, []string{"manifests:deploy/serviceaccounts/pay/c drift_unknown kubernetes:prod/serviceaccounts/pay/c by cluster, probable, unknown"}},
		{"the manifests were read in part", []rec{
			live.coverage(inventory.KindIdentity, inventory.StatusComplete), said.coverage(inventory.KindIdentity, inventory.StatusPartial),
			live.account("pay/b", nil), said.account("pay/c", nil),
		}, []string{
			"kubernetes:prod/serviceaccounts/pay/b drift_unknown manifests:deploy/serviceaccounts/pay/b by cluster, probable, unknown",
			"manifests:deploy/serviceaccounts/pay/c drift_unknown kubernetes:prod/serviceaccounts/pay/c by cluster, probable, unknown",
		}},
		{"one listing of two in full", []rec{
			live.coverage(inventory.KindIdentity, inventory.StatusComplete),
			{Coverage: &inventory.Coverage{Scanner: "y", Scope: liveScope, Kind: inventory.KindIdentity, Status: inventory.StatusPartial, Reason: "x"}},
			said.coverage(inventory.KindIdentity, inventory.StatusComplete), said.account("pay/c", nil),
		}, []string{"manifests:deploy/serviceaccounts/pay/c drift_unknown kubernetes:prod/serviceaccounts/pay/c by cluster, probable, unknown"}},
		{"the cluster was not looked at", []rec{said.coverage(inventory.KindIdentity, inventory.StatusComplete), said.account("pay/c", nil)}, nil},
		{"manifests that name no cluster", append(full(inventory.KindIdentity, live, said), live.account("pay/hand", nil),
			cluster{scope: saidScope, declared: true}.account("pay/c", nil)), nil},
		{"another cluster has the name", append(identities(said.account("pay/run", nil)), cluster{scope: "kubernetes:test"}.account("pay/run", nil)), []string{
			"manifests:deploy/serviceaccounts/pay/run declared_only kubernetes:prod/serviceaccounts/pay/run by cluster, unknown",
		}},
		{"two directories for one cluster", append(identities(
			live.account("pay/a", nil), said.account("pay/a", nil), live.account("pay/b", nil), more.account("pay/b", nil), live.account("pay/c", nil),
		), full(inventory.KindIdentity, more)...), []string{
			"kubernetes:prod/serviceaccounts/pay/c live_only manifests:deploy/serviceaccounts/pay/c by cluster, unknown",
			"manifests:deploy/serviceaccounts/pay/a same_identity kubernetes:prod/serviceaccounts/pay/a by cluster",
			"manifests:more/serviceaccounts/pay/b same_identity kubernetes:prod/serviceaccounts/pay/b by cluster",
		}},
		{"bindings", grants(
			live.grant("pay/a", "view", nil), said.grant("pay/a", "view", nil), said.grant("pay/b", "view", nil), live.grant("pay/c", "view", nil),
			live.grant("all", "view", nil), live.grant("pay/d", "view", func(g *inventory.Grant) { g.ManagedBy = "kubernetes" }),
			live.grant("pay/e", "view", func(g *inventory.Grant) { g.Attributes["group"] = "g" }), live.grant("pay/f", "view", func(g *inventory.Grant) { delete(g.Attributes, "binding") }),
		), []string{
			"kubernetes:prod/clusterrolebindings/all/User/ann live_only manifests:deploy/clusterrolebindings/all/User/ann by cluster, probable, unknown",
			"kubernetes:prod/rolebindings/pay/c/User/ann live_only manifests:deploy/rolebindings/pay/c/User/ann by cluster, unknown",
			"manifests:deploy/rolebindings/pay/a/User/ann same_grant kubernetes:prod/rolebindings/pay/a/User/ann by cluster",
			"manifests:deploy/rolebindings/pay/b/User/ann declared_only kubernetes:prod/rolebindings/pay/b/User/ann by cluster, unknown",
		}},
		{"a binding to another role", grants(live.grant("pay/a", "admin", nil), said.grant("pay/a", "view", nil)), []string{
			"kubernetes:prod/rolebindings/pay/a/User/ann live_only manifests:deploy/rolebindings/pay/a/User/ann by cluster",
			"manifests:deploy/rolebindings/pay/a/User/ann declared_only kubernetes:prod/rolebindings/pay/a/User/ann by cluster",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := Correlate(build(t, tt.records...), Options{}).Relations
			if diff := cmp.Diff(tt.want, lines(got)); diff != "" {
				t.Fatalf("(-want +got):\n%s", diff)
			}
			for _, r := range got {
				if err := (rec{Relation: r}).Validate(); err != nil {
					t.Error(err)
				}
				if r.Reason == "" {
					t.Errorf("%s has no reason", r.From)
				}
			}
		})
	}
}

// TestClusterSeams: what else joins a cluster with the rest of an inventory.
func TestClusterSeams(t *testing.T) {
	live, said := cluster{scope: liveScope}, cluster{scope: saidScope, declared: true}
	other := cluster{scope: "kubernetes:test"}
	arn := "arn:aws:iam::111122223333:role/deploy"
	role := identity(ciRole, "aws.iam_role", "111122223333", nil)
	trust := func(scope, to string) rec {
		return rec{Trust: &inventory.Trust{ID: "kubernetes:" + scope + "/irsa", Identity: to, Scope: scope, Type: "oidc", Subject: "system:serviceaccount:pay:run"}}
	}
	annotated := func(i *inventory.Identity) {
		i.Attributes["aws_role_arn"] = arn
		i.Attributes["gcp_service_account"] = "robot@northwind.iam.gserviceaccount.com"
		i.Attributes["azure_client_id"] = "7D1C0DE5-0000-4000-8000-00000000ABCD"
	}
	const run = "kubernetes:prod/serviceaccounts/pay/run"
	for _, tt := range []struct {
		name    string
		records []rec
		want    []string
	}{
		{"annotations of the live scanner", []rec{
			role, live.account("pay/run", annotated),
			identity("gcp:robot", "gcp.service_account", "p", func(i *inventory.Identity) { i.PublicIDs = []string{"robot@northwind.iam.gserviceaccount.com"} }),
			identity("azure:app", "entra.application", "t", func(i *inventory.Identity) { i.PublicIDs = []string{"7d1c0de5-0000-4000-8000-00000000abcd"} }),
		}, []string{
			run + " federates_to " + ciRole + " by annotation", run + " federates_to azure:app by annotation", run + " federates_to gcp:robot by annotation",
		}},
		{"annotation and trust are told once", []rec{
			role, live.account("pay/run", func(i *inventory.Identity) { i.Attributes["aws_role_arn"] = arn }), trust(liveScope, "aws:"+arn),
		}, []string{run + " federates_to " + ciRole + " by annotation"}},
		{"and so without the cloud's records", []rec{
			live.account("pay/run", func(i *inventory.Identity) { i.Attributes["aws_role_arn"] = arn }), trust(liveScope, "aws:"+arn),
		}, []string{run + " federates_to aws:" + arn + " by annotation, unknown"}},
		{"a trust of one cluster is none of another's", []rec{
			role, live.account("pay/run", nil), other.account("pay/run", nil), said.account("pay/run", nil), trust(liveScope, "aws:"+arn),
		}, []string{run + " federates_to " + ciRole + " by subject"}},
		{"a trust of the cloud leaves out what is only declared", []rec{
			role, live.account("pay/run", nil), said.account("pay/run", nil), trust("111122223333", ciRole),
		}, []string{run + " federates_to " + ciRole + " by subject, probable", "manifests:deploy/serviceaccounts/pay/run same_identity " + run + " by name, probable"}},
		{"unless there is no other", []rec{role, said.account("pay/run", nil), trust("111122223333", ciRole)}, []string{
			"manifests:deploy/serviceaccounts/pay/run federates_to " + ciRole + " by subject, probable",
		}},
		{"a secret of a repository that is also in the cluster", []rec{
			credential("kubernetes:prod/secrets/pay/db/password", "generic.secret", func(c *inventory.Credential) { c.Scope, c.SecretHash = liveScope, hashOf(1) }),
			credential(leak, "generic.secret", func(c *inventory.Credential) {
				c.SecretHash, c.FoundAt = hashOf(1), []inventory.Location{{URI: ".env"}}
			}),
		}, []string{"kubernetes:prod/secrets/pay/db/password same_secret " + leak + " by secret_hash"}},
		{"a token of the cluster in a repository", []rec{
			live.account("pay/run", nil), other.account("pay/run", nil),
			credential("kubernetes:prod/secrets/pay/token", "kubernetes.token", func(c *inventory.Credential) { c.Scope, c.Identity, c.SecretHash = liveScope, run, hashOf(1) }),
			credential(leak, "jwt", func(c *inventory.Credential) {
				c.SecretHash, c.FoundAt = hashOf(1), []inventory.Location{{URI: ".env"}}
				c.Attributes = map[string]string{"subject": "system:serviceaccount:pay:run"}
			}),
		}, []string{"kubernetes:prod/secrets/pay/token same_secret " + leak + " by secret_hash", leak + " authenticates_as " + run + " by secret_hash"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, lines(Correlate(build(t, tt.records...), Options{}).Relations)); diff != "" {
				t.Fatalf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestDriftIsLinear: relations grow with the records of both sides, not with
// their product.
func TestDriftIsLinear(t *testing.T) {
	live, said := cluster{scope: liveScope}, cluster{scope: saidScope, declared: true, of: liveScope}
	records := []rec{live.coverage(inventory.KindIdentity, inventory.StatusComplete), said.coverage(inventory.KindIdentity, inventory.StatusComplete)}
	for i := range 3000 {
		records = append(records, live.account(fmt.Sprintf("pay/l%d", i), nil), said.account(fmt.Sprintf("pay/s%d", i), nil))
	}
	if got := Correlate(build(t, records...), Options{}).Relations; len(got) != 6000 {
		t.Errorf("%d relations", len(got))
	}
}
