package correlate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// bindings lists the annotations and attributes by which a Kubernetes service
// account says which cloud identity its pods act as: EKS (IAM roles for service
// accounts), GKE (Workload Identity Federation) and Azure Workload Identity, as
// their documentation spells them, with the prefix of the ids of that cloud.
var bindings = []struct{ key, scanner string }{
	{"eks.amazonaws.com/role-arn", "aws"},
	{"aws_role_arn", "aws"},
	{"iam.gke.io/gcp-service-account", "gcp"},
	{"gcp_service_account", "gcp"},
	{"azure.workload.identity/client-id", "azure"},
	{"azure_client_id", "azure"},
}

// annotations relates service accounts to the cloud identities that their
// annotations name, which may be unknown here.
func annotations(ix *index, rel *relations) {
	for _, i := range ix.inv.Identities {
		if i.Type != serviceAccountType {
			continue
		}
		for _, b := range bindings {
			id := cmp.Or(i.Tags[b.key], i.Attributes[b.key])
			if id == "" {
				continue
			}
			reason := "its annotation names " + id
			list := ix.resolve(id, b.scanner)
			for _, to := range list {
				rel.add(inventory.Relation{
					From: i.ID, To: to.ID, Type: inventory.RelationFederates, Method: "annotation", Exact: true, Resolved: true, Reason: reason,
				})
			}
			if len(list) == 0 {
				rel.add(inventory.Relation{
					From: i.ID, To: b.scanner + ":" + id, Type: inventory.RelationFederates, Method: "annotation", Exact: true,
					Reason: reason + ", which is not in this inventory",
				})
			}
		}
	}
}

// consumers relates each consumer to what it uses and, where its workload is an
// identity of the inventory (a workflow, a service account), that identity too.
func consumers(ix *index, rel *relations) {
	for _, c := range ix.inv.Consumers {
		workload, sure := ix.workload(c)
		to, isCredential, resolved := ix.subject(c.Subject)
		reason := ""
		if !resolved {
			reason = "uses " + to + ", which is not in this inventory"
		}
		rel.add(inventory.Relation{
			From: c.ID, To: to, Type: inventory.RelationUses, Method: "consumer", Exact: true, Resolved: resolved, Reason: reason,
		})
		if workload == nil {
			continue
		}
		kind := inventory.RelationFederates
		if isCredential {
			kind = inventory.RelationAuthenticatedBy
		}
		rel.add(inventory.Relation{
			From: workload.ID, To: to, Type: kind, Method: "consumer", Exact: sure, Resolved: resolved, Reason: reason,
		})
	}
}

// subject finds the record that an id or public id names. Without one it
// returns the id as it came.
func (ix *index) subject(id string) (to string, isCredential, resolved bool) {
	if ix.inv.Credential(id) != nil {
		return id, true, true
	}
	if ix.inv.Identity(id) != nil {
		return id, false, true
	}
	scanner, native, ok := strings.Cut(id, ":")
	if !ok {
		native = id
	}
	for _, name := range []string{id, native} {
		if list := ix.resolve(name, scanner); len(list) > 0 {
			return list[0].ID, false, true
		}
		if list := ix.live[normal(name)]; len(list) > 0 {
			return list[0].ID, true, true
		}
	}
	return id, false, false
}

// workload finds the identity that a consumer's workload is, and whether that
// follows from an id.
func (ix *index) workload(c *inventory.Consumer) (i *inventory.Identity, sure bool) {
	scanner, _, _ := strings.Cut(c.ID, ":")
	for _, id := range []string{c.Workload, scanner + ":" + c.Workload} {
		if i := ix.inv.Identity(id); i != nil {
			return i, true
		}
	}
	for _, i := range ix.public[normal(c.Workload)] {
		if i.Scope == c.Scope {
			return i, true
		}
	}
	if list := ix.named[c.Scope+"\x00"+c.Workload]; len(list) == 1 {
		return list[0], false
	}
	return nil, false
}

// trusts relates the workloads that a trust lets in to the identity that they
// may act as.
func trusts(ix *index, rel *relations) {
	for _, t := range ix.inv.Trusts {
		to, _, resolved := ix.subject(t.Identity)
		list, exact, more := ix.trusted(t)
		for n, from := range list {
			reason := fmt.Sprintf("%s fits the subject %s that it trusts", from.Name, t.Subject)
			if !resolved {
				reason += "; " + to + " is not in this inventory"
			}
			if more > 0 && n == len(list)-1 {
				reason += fmt.Sprintf("; %d further identities fit it and are left out here", more)
			}
			rel.add(inventory.Relation{
				From: from.ID, To: to, Type: inventory.RelationFederates, Method: "subject", Exact: exact, Resolved: resolved, Reason: reason,
			})
		}
	}
}

// trusted returns the identities that a trust lets in, at most fanOut, and how
// many more there are at least. It is exact if the subject has no wildcard and
// the issuer tells whose it is.
func (ix *index) trusted(t *inventory.Trust) (list []*inventory.Identity, exact bool, more int) {
	subject := t.Subject
	switch {
	case strings.HasPrefix(subject, "arn:") || isEmail(subject) || isGUID(subject):
		return ix.resolve(subject, ""), true, 0
	case subject == "":
		return nil, false, 0
	}
	if account, project, ok := workloadIdentityUser(subject); ok {
		own, open := ofPool(ix.accounts[account], project)
		if len(own) > 0 {
			return cut(own, true)
		}
		return ix.trustedAccounts(t, account, open)
	}
	if strings.HasPrefix(subject, serviceAccountPrefix) {
		return ix.trustedAccounts(t, subject, ix.accounts[subject])
	}
	pattern, whole := repository(t)
	if pattern == "" {
		return nil, false, 0
	}
	if !strings.ContainsAny(pattern, "*?") {
		return cut(ix.repos[pattern], whole)
	}
	var all []*inventory.Identity
	prefix := literalPrefix(pattern)
	for _, host := range ix.from(prefix) {
		if !strings.HasPrefix(host, prefix) || len(all) > 2*fanOut {
			break
		}
		if glob(pattern, host) {
			all = append(all, ix.repos[host]...)
		}
	}
	return cut(all, false)
}

// from returns the repositories from a prefix on, in order.
func (ix *index) from(prefix string) []string {
	i, _ := slices.BinarySearch(ix.hosts, prefix)
	return ix.hosts[i:]
}

func cut(list []*inventory.Identity, exact bool) (kept []*inventory.Identity, sure bool, more int) {
	n := min(len(list), fanOut)
	return list[:n], exact, len(list) - n
}

// trustedAccounts finds which of the service accounts that a subject names is
// meant. A subject repeats between clusters, so it is exact only where the trust was
// listed in the cluster itself or the issuers agree. Accounts that are only declared
// count where there is no live one.
func (ix *index) trustedAccounts(t *inventory.Trust, subject string, all []*inventory.Identity) (list []*inventory.Identity, exact bool, more int) {
	if strings.ContainsAny(subject, "*?") {
		return nil, false, 0
	}
	var here, same, live []*inventory.Identity
	for _, i := range all {
		if i.Scope == t.Scope {
			here = append(here, i)
		}
		if t.Issuer != "" && issuerHost(i.Attributes["issuer"]) == issuerHost(t.Issuer) {
			same = append(same, i)
		}
		if !i.Declared {
			live = append(live, i)
		}
	}
	switch {
	case len(here) > 0:
		return cut(here, true)
	case len(same) > 0:
		return cut(same, true)
	case len(live) > 0:
		return cut(live, false)
	}
	return cut(all, false)
}

// issuerHost drops the scheme and a closing slash, which AWS leaves out.
func issuerHost(issuer string) string {
	return strings.TrimSuffix(strings.TrimPrefix(issuer, "https://"), "/")
}

// repository returns the repository that the subject of an OIDC trust speaks
// of, as in a scope and possibly with wildcards, and whether the subject names
// one repository and one place in it. GitHub: repo:ORG/NAME:…
// (https://docs.github.com/actions/reference/security/oidc). GitLab:
// project_path:GROUP/NAME:ref_type:…:ref:… (https://docs.gitlab.com/ci/secrets/id_token_authentication/).
// Google writes principalSet://…/attribute.repository/ORG/NAME; what else it may
// demand stands in attributes.claims.
func repository(t *inventory.Trust) (pattern string, whole bool) {
	host := issuerHost(t.Issuer)
	if rest, ok := strings.CutPrefix(t.Subject, "repo:"); ok {
		repo, place, _ := strings.Cut(rest, ":")
		if host == "" || strings.HasPrefix(host, "token.actions.githubusercontent.com") {
			host = "github.com"
		}
		return strings.ToLower(host + "/" + withoutIDs(repo)), place != "" && !strings.ContainsAny(rest, "*?")
	}
	if rest, ok := strings.CutPrefix(t.Subject, "project_path:"); ok {
		repo, place, _ := strings.Cut(rest, ":")
		return strings.ToLower(cmp.Or(host, "gitlab.com") + "/" + repo), place != "" && !strings.ContainsAny(rest, "*?")
	}
	if _, repo, ok := strings.Cut(t.Subject, "/attribute.repository/"); ok {
		return strings.ToLower("github.com/" + repo), false
	}
	host, repo := claimed(t)
	if repo == "" {
		return "", false
	}
	return strings.ToLower(host + "/" + repo), false
}

// withoutIDs drops the numeric ids that GitHub's immutable subjects carry:
// repo:ORG@ID/NAME@ID.
func withoutIDs(repo string) string {
	parts := strings.Split(repo, "/")
	for i, p := range parts {
		parts[i], _, _ = strings.Cut(p, "@")
	}
	return strings.Join(parts, "/")
}
