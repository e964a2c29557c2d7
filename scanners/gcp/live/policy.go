package live

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/convert"
	"github.com/muster-nhi/muster/scanners/gcp/live/wire"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// policies searches the allow policies of everything that is read. Where that is
// denied, those of organisations, folders, projects and accounts are asked for one by
// one.
func (x *run) policies(ctx context.Context) {
	const id = "cloudasset.searchAllIamPolicies"
	scopes := x.scopes()
	if refusals, why := x.sweep(ctx, id, scopes, x.searchPolicies); refusals > 0 && ctx.Err() == nil {
		x.remarkf("policies cannot be searched in Asset Inventory on %d of %d places (%s): those of organisations, folders, projects, accounts and secrets are asked for one by one, and those of other resources (buckets, topics, functions …) are not seen there", refusals, len(scopes), why)
	}
	for _, place := range x.rootsAndFolders() {
		if !x.covered[place] && ctx.Err() == nil {
			x.placePolicy(ctx, place)
		}
	}
}

// searchPolicies searches the policies of a scope. It returns why that did not even
// begin; empty if it did.
func (x *run) searchPolicies(ctx context.Context, scope string) string {
	const id = "cloudasset.searchAllIamPolicies"
	counts := map[*site]int{}
	count, err := x.list(ctx, id, wire.Values{"scope": scope}, func(raw json.RawMessage) error {
		var r struct {
			Resource, Project string
			Policy            json.RawMessage
		}
		if json.Unmarshal(raw, &r) != nil {
			return wire.ErrMalformed
		}
		s := x.site(r.Project)
		if s == nil && r.Project != "" {
			return nil // of a project that is left out
		}
		counts[s]++
		return x.keepPolicy(s, convert.Resource(r.Resource), r.Policy)
	})
	l := x.listing(x.name(id), scope, count, err)
	if count == 0 && err != nil {
		return l.Reason
	}
	const one = "resourcemanager.projects.getIamPolicy"
	x.file(scope, l)
	for _, s := range x.sites {
		if scope != "projects/"+s.p.ID && strings.HasPrefix(scope, "projects/") {
			continue
		}
		s.told[one], s.told["iam.serviceAccounts.getIamPolicy"], s.told["secretmanager.secrets.getIamPolicy"] = true, true, true
		l := s.listing(one, counts[s], err)
		if err != nil {
			l.Status, l.Reason = inventory.StatusPartial, "the search in Asset Inventory broke off: "+l.Reason
		}
		s.note(l)
	}
	x.cover(scope)
	return ""
}

// cover marks a root and what is below it as searched.
func (x *run) cover(root string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for place := range beneath(root, x.estate.Folders) {
		x.covered[place] = true
	}
}

// keepPolicy files a policy. S is nil above projects.
func (x *run) keepPolicy(s *site, resource string, raw json.RawMessage) error {
	bindings, audit, err := convert.Policy(raw)
	if len(bindings) == 0 && !audit {
		return err // nothing is granted
	}
	p := object.Policy{Resource: resource, Bindings: x.texts.bindings(bindings), Audit: audit}
	if s != nil {
		p.Project = s.p.ID
		s.mu.Lock()
		defer s.mu.Unlock()
		s.own = append(s.own, p)
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.estate.Policies = append(x.estate.Policies, p)
	return err
}

// placePolicy asks for the policy of an organisation or folder.
func (x *run) placePolicy(ctx context.Context, place string) {
	id := "cloudresourcemanager.folders.getIamPolicy"
	if strings.HasPrefix(place, "organizations/") {
		id = "cloudresourcemanager.organizations.getIamPolicy"
	}
	raw, err := x.ask(ctx, id, wire.Values{"resource": place})
	count := 0
	if err == nil {
		count = 1
		err = x.keepPolicy(nil, place, raw)
	}
	x.above(x.listing(x.name(id), place, count, err))
}

// policy asks for the policy of a project.
func (s *site) policy(ctx context.Context) {
	const id = "cloudresourcemanager.projects.getIamPolicy"
	call := s.run.name(id)
	if s.told[call] {
		return
	}
	raw, err := s.run.ask(ctx, id, wire.Values{"resource": "projects/" + s.p.ID})
	count := 0
	if err == nil {
		count = 1
		err = s.run.keepPolicy(s, "projects/"+s.p.ID, raw)
	}
	s.note(s.listing(call, count, err))
}

// accountPolicies asks for the policies of accounts: who may become them.
func (s *site) accountPolicies(ctx context.Context) {
	const id = "iam.projects.serviceAccounts.getIamPolicy"
	details(ctx, s, id, false, s.p.Accounts, func(ctx context.Context, a *object.Account) error {
		name := "projects/" + s.p.ID + "/serviceAccounts/" + a.Email
		raw, err := s.run.ask(ctx, id, wire.Values{"resource": name, "options.requestedPolicyVersion": "3"})
		if err == nil {
			err = s.run.keepPolicy(s, "iam.googleapis.com/"+name, raw)
		}
		return err
	})
}

// secretPolicies asks for the policies of secrets: who may read them.
func (s *site) secretPolicies(ctx context.Context) {
	const id = "secretmanager.projects.secrets.getIamPolicy"
	details(ctx, s, id, false, s.p.Secrets, func(ctx context.Context, x *object.Secret) error {
		raw, err := s.run.ask(ctx, id, wire.Values{"resource": x.Name, "options.requestedPolicyVersion": "3"})
		if err == nil {
			err = s.run.keepPolicy(s, "secretmanager.googleapis.com/"+x.Name, raw)
		}
		return err
	})
}
