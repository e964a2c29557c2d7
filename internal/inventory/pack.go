package inventory

import (
	"hash/maphash"
	"maps"
	"slices"
)

// How much a packer knows of what it was shown last. A text, list or map that comes
// again while it is known is shared; one that has been forgotten is held once more.
const (
	knownTexts = 1 << 14
	knownLists = 1 << 11
	knownMaps  = 1 << 12
)

// A packer has records that say the same hold it once: scopes, types, the principal of
// many grants, their reasons and attributes. Scanners make each record by itself, and an
// estate has hundreds of thousands that differ in little but their ids.
//
// Memory: of fixed size, beside what records hold anyway.
type packer struct {
	seed  maphash.Seed
	texts []string
	lists [][]string
	maps  []map[string]string
}

func newPacker() *packer {
	return &packer{seed: maphash.MakeSeed(), texts: make([]string, knownTexts), lists: make([][]string, knownLists), maps: make([]map[string]string, knownMaps)}
}

// record has a record share what others hold. It says the same afterwards.
func (p *packer) record(r Record) {
	switch {
	case r.Identity != nil:
		p.identity(r.Identity)
	case r.Credential != nil:
		p.credential(r.Credential)
	case r.Grant != nil:
		p.grant(r.Grant)
	case r.Usage != nil:
		x := r.Usage
		p.share(&x.Subject, &x.Scope, &x.Service, &x.Resource, &x.Source)
	case r.Trust != nil:
		x := r.Trust
		p.share(&x.Identity, &x.Scope, &x.Type, &x.Issuer, &x.Subject, &x.Audience, &x.ExternalAccount)
		p.list(&x.Conditions)
		p.attributes(&x.Attributes)
	case r.Consumer != nil:
		x := r.Consumer
		p.share(&x.Subject, &x.Scope, &x.Workload, &x.Kind, &x.Location, &x.Environment)
		p.attributes(&x.Attributes)
	case r.Owner != nil:
		x := r.Owner
		p.share(&x.Subject, &x.Scope, &x.Owner, &x.Kind, &x.Method, (*string)(&x.Confidence), &x.Source)
	case r.Coverage != nil:
		x := r.Coverage
		p.share(&x.Scanner, &x.Scope, (*string)(&x.Kind), (*string)(&x.Status), &x.ControlSource, &x.Reason, &x.Principal)
		p.list(&x.Notes)
	}
}

func (p *packer) identity(x *Identity) {
	p.share(&x.ID, &x.Type, &x.Scope, &x.Name, &x.Environment, &x.CreatedBy, &x.Description, &x.ManagedBy)
	p.list(&x.PublicIDs)
	p.attributes(&x.Tags)
	p.attributes(&x.Attributes)
}

func (p *packer) credential(x *Credential) {
	p.share(&x.ID, &x.Type, &x.Scope, &x.Name, &x.Identity, &x.PublicID, (*string)(&x.SecretHash), &x.Hint, &x.Store, &x.Exposure, &x.Environment, &x.Description)
	p.share(&x.DisabledReason, &x.Validity, &x.ManagedBy, &x.Algorithm, &x.Detector, &x.FirstCommit, &x.LastCommit)
	p.attributes(&x.Tags)
	p.attributes(&x.Attributes)
}

func (p *packer) grant(x *Grant) {
	p.share(&x.Principal, &x.Scope, &x.Name, &x.Resource, &x.Via, (*string)(&x.Level), &x.Condition, &x.ManagedBy)
	p.list(&x.Reasons)
	p.list(&x.Capabilities)
	p.list(&x.Paths)
	p.attributes(&x.Attributes)
}

// share puts equal texts in place of texts, where some are known.
func (p *packer) share(texts ...*string) {
	for _, t := range texts {
		*t = p.text(*t)
	}
}

func (p *packer) text(text string) string {
	if text == "" || len(text) > longestKept {
		return text
	}
	at := &p.texts[maphash.String(p.seed, text)%knownTexts]
	if *at != text {
		*at = text
	}
	return *at
}

// list puts an equal list in place of one, or makes it share its texts. One that has
// room for more than it holds is made anew.
func (p *packer) list(list *[]string) {
	if len(*list) == 0 {
		return
	}
	var sum uint64
	for _, t := range *list {
		sum = sum*31 + maphash.String(p.seed, t)
	}
	at := &p.lists[sum%knownLists]
	if !slices.Equal(*at, *list) {
		*at = make([]string, len(*list))
		for i, t := range *list {
			(*at)[i] = p.text(t)
		}
	}
	*list = *at
}

// attributes puts an equal map in place of one, or makes one that shares its texts and
// has room for no more than it holds.
func (p *packer) attributes(attr *map[string]string) {
	if len(*attr) == 0 {
		return
	}
	var sum uint64
	for k, v := range *attr { // whatever the order
		sum += maphash.String(p.seed, k) * (maphash.String(p.seed, v) | 1)
	}
	at := &p.maps[sum%knownMaps]
	if !maps.Equal(*at, *attr) {
		*at = make(map[string]string, len(*attr))
		for k, v := range *attr {
			(*at)[p.text(k)] = p.text(v)
		}
	}
	*attr = *at
}
