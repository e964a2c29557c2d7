package azure

import (
	"cmp"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// fillManaged tells of a managed identity what ARM says of it.
func (m *mapper) fillManaged(x *inventory.Identity, r *ref, attr cloud.Attributes) {
	i := r.managed
	x.PublicIDs = append(x.PublicIDs, lower(i.Principal), lower(i.Client))
	attr.Set("object_id", lower(i.Principal))
	attr.Set("app_id", lower(i.Client))
	attr.Set("location", i.Location)
	if i.System {
		attr["kind"] = "system"
		attr.Set("resource", i.ID)
	} else {
		attr["kind"] = "user"
		x.PublicIDs = append(x.PublicIDs, i.ID)
		attr.Count("resources", max(m.uses[lower(i.Principal)], len(i.Resources)), m.wholeKind(inventory.KindConsumer))
	}
	if x.CreatedAt.IsZero() {
		x.CreatedAt = i.CreatedAt
	}
	if len(i.Tags) > 0 {
		x.Tags, x.ReviewedAt = cloud.TagsOf(i.Tags), cloud.ReviewedAt(i.Tags)
	}
	if x.CreatedBy == "" {
		x.CreatedBy = cloud.TagValue(i.Tags, creatorTags()...)
	}
}

// fillUnseenManaged tells of a managed identity of a subscription that was not read.
func fillUnseenManaged(x *inventory.Identity, p *object.ServicePrincipal, attr cloud.Attributes) {
	arm, user := armOf(p)
	switch user {
	case inventory.True:
		attr["kind"] = "user"
		x.PublicIDs = append(x.PublicIDs, arm)
	case inventory.False:
		attr["kind"] = "system"
		attr.Set("resource", arm)
	case inventory.Unknown:
	}
	x.Name = cmp.Or(x.Name, lastPart(arm))
}
