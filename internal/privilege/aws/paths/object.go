package paths

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
)

// An objectList is all that walkers ask about one by one: nodes, in their order, then
// policies of the customer, then what runs as roles.
type objectList struct {
	of       []policy.Resource
	kinds    []int32 // objects of one kind differ by their names only
	order    []int32 // by name
	policies []*profile
	runs     map[*Consumer]int32
	trusts   []int32  // by node: those of one number have trust policies that say the same
	meanings sync.Map // of the texts of patterns to []int32
	parts    sync.Map // of texts that name patterns to *parts
	stored   sync.Mutex
	meant    int // meanings and parts that are stored
}

// Bounds of what is remembered of patterns; what is beyond is worked out again.
const (
	maxMeant = 1 << 12
	maxTold  = 64 // patterns of one node that tell objects apart
)

// addObjects lists the objects.
func (a *Analysis) addObjects() {
	x := &a.objects
	x.runs = map[*Consumer]int32{}
	kinds := map[string]int32{}
	add := func(r policy.Resource, kind string) int32 {
		k, ok := kinds[kind]
		if !ok {
			k = int32(len(kinds))
			kinds[kind] = k
		}
		x.of, x.kinds = append(x.of, r), append(x.kinds, k)
		return int32(len(x.of) - 1)
	}
	for i := range a.nodes {
		n := &a.nodes[i]
		n.tagged = a.tagsOf(n)
		add(n.self, strings.Join([]string{"node", n.account.ID, accountIn(n.ARN), a.boundaryOf(n), n.tagged}, "\n"))
	}
	a.addTrustKinds()
	for i := range a.nodes {
		for _, p := range a.nodes[i].identity {
			if p.object == 0 && p.ARN != "" && !p.ByAWS {
				p.object = add(policy.One(p.ARN), "policy\n"+accountIn(p.ARN))
				x.policies = append(x.policies, p)
			}
		}
	}
	for i := range a.estate.Accounts {
		acc := a.accounts[a.estate.Accounts[i].ID]
		for _, held := range acc.held {
			for k := range held {
				held[k].target.tagged = a.tagsOf(held[k].target)
			}
		}
		acc.fresh.tagged = a.tagsOf(acc.fresh)
		for k := range acc.Consumers {
			c := &acc.Consumers[k]
			kind := "consumer\n" + accountIn(c.ARN) + "\n" + a.tagsOf(targetOf(c))
			if acc.policies[c.ARN] != nil { // says something of its own
				kind += "\n" + c.ARN
			}
			x.runs[c] = add(policy.One(c.ARN), kind)
		}
	}
	x.order = make([]int32, len(x.of))
	for i := range x.order {
		x.order[i] = int32(i)
	}
	slices.SortFunc(x.order, func(p, q int32) int { return strings.Compare(x.of[p].Key(), x.of[q].Key()) })
}

// targetOf is a consumer as the target of a question.
func targetOf(c *Consumer) *node { return &node{Principal: &Principal{ARN: c.ARN, Tags: c.Tags}} }

// accountIn is the account that package policy takes an ARN to be in.
func accountIn(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 5 {
		return ""
	}
	return parts[4]
}

// addTrustKinds numbers what the trust policies of roles say.
func (a *Analysis) addTrustKinds() {
	kinds := map[string]int32{}
	a.objects.trusts = make([]int32, len(a.nodes))
	for i := range a.nodes {
		n := &a.nodes[i]
		if n.Kind != KindRole {
			continue
		}
		raw, err := json.Marshal(n.Trust)
		key := string(raw)
		if err != nil || n.Trust != nil && slices.ContainsFunc(n.Trust.Statements, func(s policy.Statement) bool { return s.Resources != nil || s.NotResources != nil }) {
			key = strconv.Itoa(i) // by itself
		}
		k, ok := kinds[key]
		if !ok {
			k = int32(len(kinds))
			kinds[key] = k
		}
		a.objects.trusts[i] = k
	}
}

// meaning lists the objects that a pattern means, in no order. It is shared.
func (x *objectList) meaning(p policy.Pattern) []int32 {
	if have, ok := x.meanings.Load(p.Text()); ok {
		if list, ok := have.([]int32); ok {
			return list
		}
	}
	begin, whole := p.Begins()
	at, _ := slices.BinarySearchFunc(x.order, begin, func(k int32, begin string) int { return strings.Compare(x.of[k].Key(), begin) })
	var out []int32
	first := at
	for ; at < len(x.order); at++ {
		k := x.order[at]
		if name := x.of[k].Key(); whole && name != begin || !strings.HasPrefix(name, begin) {
			break
		}
		if whole || p.Match(x.of[k]) {
			out = append(out, k)
		}
	}
	const few = 64
	if !whole && at-first > few && x.store() {
		x.meanings.Store(p.Text(), out)
	}
	return out
}

// store reports whether there is room to remember one thing more.
func (x *objectList) store() bool {
	x.stored.Lock()
	defer x.stored.Unlock()
	x.meant++
	return x.meant <= maxMeant
}

// parts are classes of objects.
type parts struct {
	class []int32 // by object
	count int
}

// A classing tells objects apart as the policies of one node do: questions about
// two of one class differ in nothing that could make a difference to the answer.
type classing struct {
	*parts
	apart map[int32]int32 // classes of objects that are told apart by name
	named bits            // those
	count int
}

// of is the class of an object.
func (c *classing) of(k int32) int32 {
	if c.named != nil && c.named.has(int(k)) {
		return c.apart[k]
	}
	return c.class[k]
}

// classes tells objects apart for a node.
func (a *Analysis) classes(n *node) *classing {
	x := &a.objects
	var telling []policy.Pattern
	var alone []int32
	seen := map[string]bool{}
	for _, p := range a.tellers(n) {
		for _, t := range p.Patterns(n.asker) {
			if a.each || t.All() && !t.Open || seen[t.Text()] && !t.Open {
				continue
			}
			seen[t.Text()] = true
			list := x.meaning(t)
			if _, whole := t.Begins(); t.Open || whole {
				alone = append(alone, list...)
			} else if len(list) > 0 && len(list) < len(x.of) {
				telling = append(telling, t)
			}
		}
	}
	out := &classing{parts: x.divided(telling, a.each)}
	out.count = out.parts.count
	if len(alone) > 0 {
		out.apart, out.named = make(map[int32]int32, len(alone)), newBits(len(x.of))
		for _, k := range alone {
			if !out.named.has(int(k)) {
				out.named.set(int(k))
				out.apart[k] = int32(out.count)
				out.count++
			}
		}
	}
	return out
}

// tellers lists the policies that have a say in what a node asks.
func (a *Analysis) tellers(n *node) []*policy.Policy {
	out := slices.Clone(n.layers.Identity)
	if n.layers.Boundary != nil {
		out = append(out, n.layers.Boundary)
	}
	for _, l := range n.layers.SCPs {
		out = append(out, l.Policies...)
	}
	for i := range a.estate.Accounts { // those of a target's account have a say in who takes it
		for _, l := range a.accounts[a.estate.Accounts[i].ID].rcps {
			out = append(out, l.Policies...)
		}
	}
	return out
}

// divided divides objects by their kinds and by the patterns that mean them. It is
// shared. With too many patterns each object is by itself.
func (x *objectList) divided(by []policy.Pattern, each bool) *parts {
	each = each || len(by) > maxTold
	slices.SortFunc(by, func(p, q policy.Pattern) int { return strings.Compare(p.Text(), q.Text()) })
	var name strings.Builder
	if each {
		name.WriteString("each")
	} else {
		for _, p := range by {
			name.WriteString(p.Text())
			name.WriteByte('\n')
		}
	}
	if have, ok := x.parts.Load(name.String()); ok {
		if out, ok := have.(*parts); ok {
			return out
		}
	}
	out := &parts{class: make([]int32, len(x.of))}
	if each {
		for k := range out.class {
			out.class[k] = int32(k)
		}
		out.count = len(x.of)
	} else {
		out.count = x.divide(by, out.class)
	}
	if x.store() {
		x.parts.Store(name.String(), out)
	}
	return out
}

// divide numbers the classes of objects.
func (x *objectList) divide(by []policy.Pattern, class []int32) int {
	means := make([]uint64, len(x.of))
	for i, p := range by {
		for _, k := range x.meaning(p) {
			means[k] |= 1 << i
		}
	}
	type key struct {
		kind  int32
		means uint64
	}
	known := map[key]int32{}
	for k := range class {
		at := key{x.kinds[k], means[k]}
		c, ok := known[at]
		if !ok {
			c = int32(len(known))
			known[at] = c
		}
		class[k] = c
	}
	return len(known)
}

// boundaryOf is what is known of a target's boundary.
func (a *Analysis) boundaryOf(target *node) string {
	switch {
	case !a.keys.boundary:
		return ""
	case target.Boundary == nil:
		return "none"
	default:
		return target.Boundary.ARN
	}
}

// tagsOf tells what is known of those tags of a target that conditions ask for, so
// that two targets of which the same is known are told alike. It is empty if none
// does.
func (a *Analysis) tagsOf(target *node) string {
	var b strings.Builder
	for _, k := range a.keys.tags {
		switch v, state := target.tag(k); state {
		case inventory.True:
			b.WriteString("=" + strconv.Quote(v))
		case inventory.False:
			b.WriteByte('-')
		case inventory.Unknown:
			b.WriteByte('?')
		}
	}
	return b.String()
}

// tag tells what is known of a tag of a target by its condition key. Of what is no
// principal, no tags are tags that were not read. Of two tags whose names differ in
// case, which one AWS takes is not published.
func (n *node) tag(key string) (value string, there inventory.Tri) {
	if n.Tags == nil && n.Kind == "" {
		return "", inventory.Unknown
	}
	_, name, _ := strings.Cut(key, "/")
	there = inventory.False
	for tag, v := range n.Tags {
		switch {
		case !strings.EqualFold(tag, name):
		case there == inventory.True:
			return "", inventory.Unknown
		default:
			value, there = v, inventory.True
		}
	}
	return value, there
}
