package export

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/scanners/azure/convert"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// account reads a subscription as az account list writes it, with its bare id.
func (doc *document) account(raw json.RawMessage, fields map[string]json.RawMessage) bool {
	if id := text(fields["id"]); !isGUID(id) || !isGUID(text(fields["tenantId"])) || len(fields["state"]) == 0 || len(fields["user"])+len(fields["cloudName"])+len(fields["isDefault"]) == 0 {
		return false
	}
	var v struct {
		ID, Name, State string
		Tenant          string `json:"tenantId"`
		Cloud           string `json:"cloudName"`
	}
	err := json.Unmarshal(raw, &v)
	id, tenant := lower(v.ID), lower(v.Tenant)
	doc.took(callSubscriptions, "", err)
	if id == tenant { // az account list of an account without a subscription
		doc.t.ids[tenant]++
		return true
	}
	doc.t.listed[id] = tenant
	doc.t.cloud = cmp.Or(cloudOf(v.Cloud), doc.t.cloud)
	doc.t.ids[tenant]++
	doc.t.subscriptions.merge(id, object.Subscription{ID: id, Name: v.Name, State: v.State})
	return true
}

// cloudOf is how object.Tenant spells a cloud of az; empty is the public one.
func cloudOf(name string) string {
	switch name {
	case "AzureUSGovernment":
		return "government"
	case "AzureChinaCloud":
		return "china"
	}
	return ""
}

// container reads a subscription as Resource Manager and Resource Graph write it.
func (doc *document) container(raw, props json.RawMessage, id string) bool {
	sub := subscriptionOf(id)
	if sub == "" || strings.Contains(strings.Trim(id[len("/subscriptions/"):], "/"), "/") {
		return false // a resource group
	}
	type link struct {
		Name string `json:"name"`
	}
	var v struct {
		Type    string       `json:"type"`
		Name    string       `json:"name"`
		Display string       `json:"displayName"`
		State   string       `json:"state"`
		Tenant  string       `json:"tenantId"`
		Tags    convert.Tags `json:"tags"`
		Chain   []link       `json:"managementGroupAncestorsChain"`
	}
	err := decode(raw, props, &v)
	s := object.Subscription{ID: sub, Name: cmp.Or(v.Display, v.Name), State: v.State, Tags: v.Tags}
	for _, l := range v.Chain {
		s.Parents = append(s.Parents, l.Name)
	}
	tenant := lower(v.Tenant)
	if tenant != "" {
		doc.t.ids[tenant]++
		doc.t.listed[sub] = tenant
	}
	if v.Type != "" { // of Resource Graph
		doc.took(callContainers, "", err)
	} else {
		doc.took(callSubscriptions, "", err)
	}
	doc.t.subscriptions.merge(sub, s)
	return true
}

// managementGroup reads a management group, and what az shows below it.
func (doc *document) managementGroup(raw, props json.RawMessage, parent string) {
	var v struct {
		ID      string `json:"id"`
		Name    string `json:"name"`
		Display string `json:"displayName"`
		Tenant  string `json:"tenantId"`
		Details struct {
			Parent *struct {
				Name string `json:"name"`
			} `json:"parent"`
			Chain []struct {
				Name string `json:"name"`
			} `json:"managementGroupAncestorsChain"`
		} `json:"details"`
		Children []json.RawMessage `json:"children"`
	}
	err := decode(raw, props, &v)
	g := object.ManagementGroup{ID: convert.LastOf(cmp.Or(v.ID, v.Name)), Name: v.Display, Parent: parent}
	switch {
	case len(v.Details.Chain) > 0:
		g.Parent = v.Details.Chain[0].Name
	case v.Details.Parent != nil && g.Parent == "":
		g.Parent = v.Details.Parent.Name
	}
	if isGUID(v.Tenant) {
		doc.t.ids[lower(v.Tenant)]++
	}
	if !doc.query && len(v.Children) == 0 && parent == "" { // a list does not tell what is in what
		doc.known = true
		doc.t.some[spot{callContainers, ""}] = true
	} else {
		doc.took(callContainers, "", err)
	}
	doc.t.folders.merge(g.ID, g)
	for _, child := range v.Children {
		doc.child(child, g.ID)
	}
}

// maxDepth is how deep management groups are (docs of Azure, management groups); what
// is deeper was not written by Azure.
const maxDepth = 6

// child reads what is in a management group.
func (doc *document) child(raw json.RawMessage, parent string) {
	var v struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	if json.Unmarshal(raw, &v) != nil || doc.depth > maxDepth {
		return
	}
	if sub := subscriptionOf(v.ID); sub != "" {
		doc.t.parents[sub] = parent
		return
	}
	doc.depth++
	doc.managementGroup(raw, nil, parent)
	doc.depth--
}

// assignment reads who holds a role, as az prints it, or Resource Manager.
func (doc *document) assignment(raw, props json.RawMessage, fields map[string]json.RawMessage) {
	var a convert.RoleAssignment
	err := decode(raw, props, &a)
	if doc.query {
		doc.took(callAssignments, "", err)
	} else {
		_, az := fields["roleDefinitionName"]
		doc.holders.of(subscriptionOf(a.Scope), az, err)
	}
	doc.t.assignments.merge(object.Fold(a.ID), a.Object(nil))
}

// A roleList is what a file lists of the roles of one subscription: not all of them
// name it.
type roleList struct {
	amount
	sub   string
	above bool // it has roles that hold above the subscription
	az    bool // it is of az, which leaves those out unless it is told --include-inherited
}

func (l *roleList) of(sub string, az bool, err error) {
	l.all++
	if err != nil {
		l.bad++
	}
	l.az = l.az || az
	if l.above = l.above || sub == ""; sub != "" {
		l.sub = sub
	}
}

// roles accounts for the roles that a file lists.
func (doc *document) roles() {
	if doc.holders.all == 0 {
		return
	}
	sub := cmp.Or(doc.sub, doc.holders.sub, anywhere)
	n := doc.hear(callAssignments, sub)
	n.all, n.bad = n.all+doc.holders.all, n.bad+doc.holders.bad
	if doc.holders.az && !doc.holders.above {
		doc.t.below[sub] = true
	}
}

// definition reads a role of Azure.
func (doc *document) definition(raw, props json.RawMessage) {
	var v struct {
		convert.RoleDefinition
		AzKind string `json:"roleType"` // what is properties.type elsewhere
	}
	err := decode(raw, props, &v)
	v.Kind = cmp.Or(v.AzKind, v.Kind)
	d := v.Object(nil)
	d.Known = v.Permissions != nil
	doc.t.builtIn = doc.t.builtIn || !d.Custom
	if doc.query {
		doc.took(callDefinitions, "", err)
	} else { // roles hold wherever they can be given, and az lists those of the tenant with those of a subscription
		doc.took(callDefinitions, cmp.Or(doc.sub, anywhere), err)
	}
	doc.t.roleDefs.merge(d.ID, d)
}

// anywhere stands for the one subscription that a file is of, if there is only one.
const anywhere = "*"

// classic reads a classic administrator; Role is what Azure calls it.
func (doc *document) classic(raw, props json.RawMessage, fields map[string]json.RawMessage) {
	var v struct {
		ID    string `json:"id"`
		Email string `json:"emailAddress"`
		Role  string `json:"role"`
		// as az role assignment list writes it
		Principal string `json:"principalName"`
		Name      string `json:"roleDefinitionName"`
		Scope     string `json:"scope"`
	}
	err := decode(raw, props, &v)
	sub := cmp.Or(subscriptionOf(v.ID), subscriptionOf(v.Scope), lower(text(fields["subscriptionId"])), doc.sub)
	doc.took(callClassic, doc.where(sub), err)
	mail := cmp.Or(v.Email, v.Principal)
	if sub == "" || mail == "" {
		return
	}
	id := v.ID
	if strings.HasPrefix(id, "NA(") { // az has no id for them
		id = fmt.Sprintf("/subscriptions/%s/providers/Microsoft.Authorization/classicAdministrators/%s", sub, mail)
	}
	doc.t.assignments.merge(object.Fold(id), object.RoleAssignment{
		ID: id, Role: cmp.Or(v.Role, v.Name), Principal: mail, PrincipalType: "User", Scope: "/subscriptions/" + sub, Classic: true,
	})
}

// deny reads a deny assignment.
func (doc *document) deny(raw, props json.RawMessage, id string) {
	var v convert.DenyAssignment
	err := decode(raw, props, &v)
	doc.took(callDenies, cmp.Or(doc.sub, subscriptionOf(v.Scope), subscriptionOf(id), anywhere), err)
	v.Scope = cmp.Or(v.Scope, "/")
	v.Principals, v.Exclude = named(v.Principals), named(v.Exclude)
	doc.t.denies.merge(object.Fold(id), v.Object(nil, id))
}

// named are the related objects that have an id.
func named(list []convert.Ref) []convert.Ref {
	return slices.DeleteFunc(list, func(r convert.Ref) bool { return r.ID == "" })
}

// eligibleARM reads who may take a role. What a principal has by a group is told of the
// group too, and put together with its members.
func (doc *document) eligibleARM(raw, props json.RawMessage, id string) {
	var e convert.RoleEligibility
	err := decode(raw, props, &e)
	doc.took(callEligibleARM, cmp.Or(doc.sub, subscriptionOf(id), subscriptionOf(e.Scope), anywhere), err)
	if e.ByGroup() {
		return
	}
	e.Scope = cmp.Or(e.Scope, "/")
	doc.t.assignments.merge(object.Fold(id), e.Object(nil))
}

// contact reads who is told of security alerts of a subscription.
func (doc *document) contact(raw, props json.RawMessage, id string) {
	var c convert.Contact
	err := decode(raw, props, &c)
	sub := cmp.Or(subscriptionOf(id), doc.sub)
	doc.took(callContacts, sub, err)
	if sub == "" {
		return
	}
	if doc.t.contactsOf[sub] == nil {
		doc.t.contactsOf[sub] = map[string]bool{}
	}
	for _, mail := range c.Addresses() {
		doc.t.contactsOf[sub][mail] = true
	}
}

// identityTrust reads a federated credential of a user-assigned identity.
func (doc *document) identityTrust(raw, props json.RawMessage, id string) {
	var f convert.Federated
	_ = decode(raw, props, &f) // what is of another type is not known
	doc.known = true
	out := f.Object(nil)
	out.ID, out.Name, out.ARM = "", convert.LastOf(id), id
	parent := id[:strings.LastIndex(lower(id), "/federatedidentitycredentials/")]
	key := object.Fold(parent)
	if doc.t.federated[key] == nil {
		doc.t.federated[key] = set[object.Federated]{}
	}
	doc.t.federated[key].merge(out.Name, out)
}
