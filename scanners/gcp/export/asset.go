package export

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/saved"
	"github.com/muster-nhi/muster/scanners/gcp/convert"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// asset reads an asset of Asset Inventory: of assets.list, of an export into Cloud
// Storage, which spells fields in snake case, or of a search.
func (doc *document) asset(_ json.RawMessage, fields map[string]json.RawMessage) bool {
	kind, name := either(fields, "assetType", "asset_type"), text(fields["name"])
	if kind == "" || !strings.HasPrefix(name, "//") {
		return false
	}
	ancestors := doc.r.kin(fields)
	data, policy, content := asset(fields)
	if content == "" {
		content = "search"
		data = found(kind, name, fields)
	}
	doc.sweep(content).saw(kind, ancestors, doc.r.asked)
	doc.r.related(name, ancestors)
	if policy != nil {
		doc.allow(convert.Resource(name), nearest(ancestors), policy)
	}
	if data != nil {
		doc.data(kind, name, data, content == "search", ancestors)
	}
	return true
}

// asset takes apart what an asset holds.
func asset(fields map[string]json.RawMessage) (data, policy json.RawMessage, content string) {
	var resource struct{ Data json.RawMessage }
	if raw := fields["resource"]; len(raw) > 0 && json.Unmarshal(raw, &resource) == nil {
		return resource.Data, given(fields["iamPolicy"], fields["iam_policy"]), "resource"
	}
	if policy := given(fields["iamPolicy"], fields["iam_policy"]); policy != nil {
		return nil, policy, "iam-policy"
	}
	var versions []struct{ Resource json.RawMessage }
	if raw := given(fields["versionedResources"], fields["versioned_resources"]); raw != nil && json.Unmarshal(raw, &versions) == nil && len(versions) > 0 {
		return versions[len(versions)-1].Resource, nil, "resource"
	}
	if fields["ancestors"] != nil && fields["project"] == nil { // of no content: names only
		return nil, nil, "names"
	}
	return nil, nil, ""
}

// given is the first of two fields that is there.
func given(a, b json.RawMessage) json.RawMessage {
	if len(a) > 0 && string(a) != "null" {
		return a
	}
	if len(b) > 0 && string(b) != "null" {
		return b
	}
	return nil
}

// kin are the ancestors of an asset: projects/NUMBER, folders/N, organizations/N.
func (r *reader) kin(fields map[string]json.RawMessage) []string {
	var out []string
	if json.Unmarshal(fields["ancestors"], &out) == nil && len(out) > 0 {
		return out
	}
	var folders []string
	_ = json.Unmarshal(fields["folders"], &folders) // without any, or of another type, there are none
	for _, a := range append(folders, text(fields["project"]), text(fields["organization"])) {
		if a != "" {
			out = append(out, a)
		}
	}
	return out
}

// related remembers what a project is in, and that its number and its id are of one:
// names of assets have the id or the number, ancestors always the number.
func (r *reader) related(name string, ancestors []string) {
	for _, a := range ancestors {
		number, ok := strings.CutPrefix(a, "projects/")
		if !ok {
			continue
		}
		if slices.Compare(ancestors, r.ancestors[number]) > 0 { // of two that differ one
			r.ancestors[number] = ancestors
		}
		if ref := convert.Part(name, "projects"); ref != "" && ref != number {
			r.pair(ref, number)
		}
	}
}

// pair remembers that an id and a number are of one project. Only the names of a
// few services say so surely: others may name another project in theirs.
func (r *reader) pair(id, number string) {
	if isNumber(number) && plausible(number) && plausible(id) && !isNumber(id) && id != "-" && r.ids[number] == "" && r.numbers[id] == "" {
		r.ids[number], r.numbers[id] = id, number
	}
}

func isNumber(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

// relative is a full resource name without its service.
func relative(name string) string {
	_, below, _ := strings.Cut(convert.Bare(name), "/")
	return below
}

// found makes of what a search tells the resource as its API would answer, as far
// as that goes.
func found(kind, name string, fields map[string]json.RawMessage) json.RawMessage {
	out := map[string]any{"name": relative(name)}
	for _, k := range []string{"createTime", "labels", "displayName", "description", "state"} {
		if len(fields[k]) > 0 {
			out[k] = fields[k]
		}
	}
	var more struct{ Email, UniqueID any }
	_ = json.Unmarshal(fields["additionalAttributes"], &more) // what is of another type is left out
	email, _ := more.Email.(string)
	id, _ := more.UniqueID.(string)
	shown := text(fields["displayName"])
	switch kind {
	case "iam.googleapis.com/ServiceAccount":
		out["email"], out["uniqueId"] = email, cmp.Or(id, convert.Last(name))
	case "iam.googleapis.com/ServiceAccountKey":
		if strings.HasPrefix(shown, "projects/") {
			out["name"] = shown
		}
		out["validAfterTime"] = out["createTime"]
	case "cloudresourcemanager.googleapis.com/Project":
		out["projectId"] = convert.Last(name)
		out["projectNumber"] = strings.TrimPrefix(text(fields["project"]), "projects/")
		out["parent"] = text(fields["parentFullResourceName"])
	case "cloudresourcemanager.googleapis.com/Folder":
		out["parent"] = text(fields["parentFullResourceName"])
	case "apikeys.googleapis.com/Key":
		out["uid"] = convert.Last(name)
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return nil
	}
	return raw
}

// data reads the resource of an asset.
func (doc *document) data(kind, name string, data json.RawMessage, thin bool, ancestors []string) {
	k := doc.r.kinds.byAsset[kind]
	if k == nil {
		if list, err := convert.Consumers(kind, name, data); len(list) > 0 && !thin {
			doc.consumers(kind, projectOf(convert.Bare(name)), list, err)
		}
		return
	}
	f := fact{name: relative(name), where: projectOf(convert.Bare(name)), from: listed}
	if thin {
		f.from = searched
	}
	f.where = cmp.Or(f.where, nearest(ancestors))
	doc.keep(k, named(data, f.name), f)
}

// named gives a resource its name, where Asset Inventory left that out of it.
func named(data json.RawMessage, name string) json.RawMessage {
	var v map[string]json.RawMessage
	if json.Unmarshal(data, &v) != nil || text(v["name"]) != "" {
		return data
	}
	v["name"], _ = json.Marshal(name) // a text can be marshalled
	raw, err := json.Marshal(v)
	if err != nil {
		return data
	}
	return raw
}

// consumers takes what runs as accounts.
func (doc *document) consumers(kind, where string, list []object.Consumer, err error) {
	doc.took(consumerCall(kind), where, err)
	doc.r.put(doc, where, func(p *project) {
		for _, c := range list {
			c.Name = p.r.spell(c.Name)
			p.consumers.merge(c.Name+" "+c.Account, age{}, c)
		}
	})
}

// foundPolicy reads a policy of a search: resource, policy.
func (doc *document) foundPolicy(_ json.RawMessage, fields map[string]json.RawMessage) bool {
	resource := text(fields["resource"])
	if !strings.HasPrefix(resource, "//") || len(fields["policy"]) == 0 {
		return false
	}
	ancestors := doc.r.kin(fields)
	s := doc.sweep("policy-search")
	s.saw(either(fields, "assetType", "asset_type"), ancestors, doc.r.asked)
	var why struct{ MatchedPermissions map[string]json.RawMessage }
	if json.Unmarshal(fields["explanation"], &why) == nil && len(why.MatchedPermissions) > 0 {
		s.cut = saved.Short(doc.name, 200) + " was searched for some permissions only: search again without a query"
	}
	doc.r.related(resource, ancestors)
	doc.allow(convert.Resource(resource), nearest(ancestors), fields["policy"])
	return true
}

// ancestor reads what `projects get-ancestors-iam-policy` and `get-ancestors` print:
// id, type and perhaps the policy.
func (doc *document) ancestor(_ json.RawMessage, fields map[string]json.RawMessage) bool {
	kind, id := text(fields["type"]), text(fields["id"])
	if id == "" || !slices.Contains([]string{"project", "folder", "organization"}, kind) || len(fields) > 3 {
		return false
	}
	place := kind + "s/" + id
	if doc.chain = append(doc.chain, place); len(doc.chain) > 1 {
		of := doc.chain[len(doc.chain)-2]
		doc.r.parents[of] = max(doc.r.parents[of], place)
	}
	if p := given(fields["policy"], nil); p != nil {
		doc.allow(place, "", p)
	}
	return true
}

// nearest is the project, folder or organisation that is the nearest of ancestors,
// as a fact is put.
func nearest(ancestors []string) string {
	for _, of := range []string{"projects/", "folders/", "organizations/"} {
		for _, a := range ancestors {
			if strings.HasPrefix(a, of) {
				return strings.TrimPrefix(a, "projects/")
			}
		}
	}
	return ""
}

// allow takes the allow policy of a resource. where is what it is in, if its name
// does not tell.
func (doc *document) allow(resource, where string, raw json.RawMessage) {
	bindings, audit, err := convert.Policy(raw)
	where = cmp.Or(projectOf(resource), where)
	doc.took(policyCall(resource), where, err)
	p := object.Policy{Resource: resource, Bindings: bindings, Audit: audit}
	if !strings.Contains(where, "/") {
		p.Project = where
	}
	doc.r.policies = append(doc.r.policies, p)
}
