package live

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/muster-nhi/muster/scanners/gcp/convert"
	"github.com/muster-nhi/muster/scanners/gcp/live/wire"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// predefined lists the roles that Google has made, with what they permit.
func (x *run) predefined(ctx context.Context) {
	const id = "iam.roles.list"
	count, err := x.list(ctx, id, wire.Values{"view": "FULL"}, x.keepRole)
	x.above(x.listing(x.name(id), "", count, err))
}

// customRoles lists those of an organisation, unless Asset Inventory told them.
func (x *run) customRoles(ctx context.Context, organization string) {
	const id = "iam.organizations.roles.list"
	if x.roleTold[organization] {
		told := 0
		for _, r := range x.estate.Roles {
			if strings.HasPrefix(r.Name, organization+"/") {
				told++
			}
		}
		x.above(x.listing(x.name(id), organization, told, nil))
		return
	}
	count, err := x.list(ctx, id, wire.Values{"parent": organization, "view": "FULL", "showDeleted": "true"}, x.keepRole)
	x.above(x.listing(x.name(id), organization, count, err))
}

func (x *run) keepRole(raw json.RawMessage) error {
	role, err := convert.Role(raw, true)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.estate.Roles = append(x.estate.Roles, x.texts.role(role))
	return err
}

// attachment is where deny policies of a place hang (IAM v2 reference: the full
// resource name, escaped).
func attachment(place string) string {
	return "policies/" + url.PathEscape("cloudresourcemanager.googleapis.com/"+place) + "/denypolicies"
}

// denials lists the deny policies of a place, each of which has to be asked for its
// rules.
func (x *run) denials(ctx context.Context, place string) (out []object.DenyPolicy, err error) {
	var names []string
	_, err = x.list(ctx, "iam.policies.listPolicies", wire.Values{"parent": attachment(place)}, func(raw json.RawMessage) error {
		p, err := convert.DenyPolicy(raw)
		names = append(names, p.Name)
		return err
	})
	for _, name := range names {
		raw, bad := x.ask(ctx, "iam.policies.get", wire.Values{"name": name})
		if wire.Missing(bad) {
			continue
		}
		if bad == nil {
			var p object.DenyPolicy
			p, bad = convert.DenyPolicy(raw)
			p.Resource = place // its name may have the number of a project
			out = append(out, p)
		}
		if bad != nil && err == nil {
			err = bad
		}
	}
	return out, err
}

// denies reads the deny policies of an organisation or folder.
func (x *run) denies(ctx context.Context, place string) {
	found, err := x.denials(ctx, place)
	x.above(x.listing(x.name("iam.policies.listPolicies"), place, len(found), err))
	x.mu.Lock()
	defer x.mu.Unlock()
	x.estate.Denies = append(x.estate.Denies, found...)
}

// denies reads the deny policies of a project.
func (s *site) denies(ctx context.Context) {
	found, err := s.run.denials(ctx, "projects/"+s.p.ID)
	s.note(s.listing(s.run.name("iam.policies.listPolicies"), len(found), err))
	s.deny = found
}

// boundaries reads the principal access boundary policies of an organisation and
// what they are bound to.
func (x *run) boundaries(ctx context.Context, organization string) {
	const id, bound = "iam.organizations.locations.principalAccessBoundaryPolicies.list", "iam.organizations.locations.principalAccessBoundaryPolicies.searchPolicyBindings"
	var policies []object.AccessBoundary
	count, err := x.list(ctx, id, wire.Values{"parent": organization + "/locations/global"}, func(raw json.RawMessage) error {
		p, err := convert.AccessBoundary(raw)
		policies = append(policies, p)
		return err
	})
	x.above(x.listing(x.name(id), organization, count, err))
	n := 0
	var failed error
	for i := range policies {
		p := &policies[i]
		got, err := x.list(ctx, bound, wire.Values{"name": p.Name}, func(raw json.RawMessage) error {
			b, err := convert.ReadBound(raw)
			p.Targets = append(p.Targets, b.Target)
			if b.Condition != nil {
				p.Conditions = append(p.Conditions, *b.Condition)
			}
			return err
		})
		n += got
		if err != nil {
			failed = err
		}
	}
	if len(policies) > 0 {
		x.above(x.listing(x.name(bound), organization, n, failed))
	}
	x.estate.Boundaries = append(x.estate.Boundaries, policies...)
}

// contacts lists who answers for an organisation or folder.
func (x *run) contacts(ctx context.Context, place string) {
	id := "essentialcontacts.folders.contacts.list"
	if strings.HasPrefix(place, "organizations/") {
		id = "essentialcontacts.organizations.contacts.list"
	}
	var all []object.Contact
	count, err := x.list(ctx, id, wire.Values{"parent": place}, func(raw json.RawMessage) error {
		c, _, err := convert.Contact(raw)
		all = append(all, c)
		return err
	})
	x.above(x.listing(x.name(id), place, count, err))
	for i := range x.estate.Organizations {
		if x.estate.Organizations[i].Name == place {
			x.estate.Organizations[i].Contacts = all
		}
	}
	for i := range x.estate.Folders {
		if x.estate.Folders[i].Name == place {
			x.estate.Folders[i].Contacts = all
		}
	}
}
