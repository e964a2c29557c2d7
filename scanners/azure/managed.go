package azure

import (
	"cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// fillManaged tells of a managed identity what ARM says of it.
func (m *mapper) fillManaged(x *inventory.Identity, r *ref, attr attributes) {
	i := r.managed
	x.PublicIDs = append(x.PublicIDs, lower(i.Principal), lower(i.Client))
	attr.set("object_id", lower(i.Principal))
	attr.set("app_id", lower(i.Client))
	attr.set("location", i.Location)
	if i.System {
		attr["kind"] = "system"
		attr.set("resource", i.ID)
	} else {
		attr["kind"] = "user"
		x.PublicIDs = append(x.PublicIDs, i.ID)
		attr.count("resources", max(m.uses[lower(i.Principal)], len(i.Resources)), m.wholeKind(inventory.KindConsumer))
	}
	if x.CreatedAt.IsZero() {
		x.CreatedAt = i.CreatedAt
	}
	if len(i.Tags) > 0 {
		x.Tags, x.ReviewedAt = tagsOf(i.Tags), reviewedAt(i.Tags)
	}
	if x.CreatedBy == "" {
		x.CreatedBy = tag(i.Tags, creatorTags()...)
	}
}

// fillUnseenManaged tells of a managed identity of a subscription that was not read.
func fillUnseenManaged(x *inventory.Identity, p *object.ServicePrincipal, attr attributes) {
	arm, user := armOf(p)
	switch user {
	case inventory.True:
		attr["kind"] = "user"
		x.PublicIDs = append(x.PublicIDs, arm)
	case inventory.False:
		attr["kind"] = "system"
		attr.set("resource", arm)
	case inventory.Unknown:
	}
	x.Name = cmp.Or(x.Name, lastPart(arm))
}
