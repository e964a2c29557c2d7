package live

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
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

// maxSlow is how many requests to IAM v2 or v3 are made, which allow 5 a minute,
// unless all details are asked for: what takes 5 minutes.
const maxSlow = 25

// undenied returns why deny policies are only read of organisations; empty if they
// are read of folders and projects too.
func (x *run) undenied() string {
	n := len(x.sites) + len(x.estate.Folders)
	switch {
	case x.options.Details == DetailsNone:
		return "left out by choice (details: none)"
	case x.options.Details == DetailsAuto && n > maxSlow:
		return fmt.Sprintf("left out because Google allows 5 requests a minute for deny policies, and %d places would take %d minutes: details: all asks; those of organisations were read", n, n/5)
	default:
		return ""
	}
}

// denies reads the deny policies of an organisation or folder.
func (x *run) denies(ctx context.Context, place string) {
	if why := x.undenied(); why != "" && strings.HasPrefix(place, "folders/") {
		x.above(object.Listing{Call: x.name("iam.policies.listPolicies"), Where: place, Status: inventory.StatusSkipped, Reason: why})
		return
	}
	found, err := x.denials(ctx, place)
	x.above(x.listing(x.name("iam.policies.listPolicies"), place, len(found), err))
	x.mu.Lock()
	defer x.mu.Unlock()
	x.estate.Denies = append(x.estate.Denies, found...)
}

// denies reads the deny policies of a project.
func (s *site) denies(ctx context.Context) {
	if why := s.run.undenied(); why != "" {
		s.note(object.Listing{Call: s.run.name("iam.policies.listPolicies"), Status: inventory.StatusSkipped, Reason: why})
		return
	}
	found, err := s.run.denials(ctx, "projects/"+s.p.ID)
	s.note(s.listing(s.run.name("iam.policies.listPolicies"), len(found), err))
	s.deny = found
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
