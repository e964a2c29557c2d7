package kubernetes

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// A feed is a resource from which records of a kind come.
type feed struct {
	resource string
	main     bool   // without it there is next to nothing of the kind
	counted  bool   // the requests for it are told with this kind
	loss     string // what cannot be told without it
}

// optional reports whether a cluster may well not have a resource: one that is
// not there has no objects.
func (f *feed) optional() bool {
	switch f.resource {
	case "certificates", "issuers", "clusterissuers", "externalsecrets", "clusterexternalsecrets", "pushsecrets", "sealedsecrets",
		"secretstores", "clustersecretstores", "secretproviderclasses":
		return true
	}
	return slices.Contains(customWorkloads, f.resource)
}

// feeds lists what each kind is made of. The requests for a resource are counted
// once, with the kind that it is mainly read for.
func feeds(kind inventory.Kind) []feed {
	switch kind {
	case inventory.KindIdentity:
		return append([]feed{
			{"serviceaccounts", true, true, "which accounts there are"},
			{"rolebindings", false, false, "users and groups that bindings name"},
			{"clusterrolebindings", false, false, "users and groups that bindings name"},
			{"certificatesigningrequests", false, false, "users that have certificates"},
			{"secrets", false, false, "accounts that only tokens name, and how many tokens each has"},
			{"namespaces", false, false, "the Pod Security level of namespaces"},
		}, workloadFeeds(false, "who runs as an account")...)
	case inventory.KindCredential:
		return append([]feed{
			{"secrets", true, true, "Secrets: their type, age, expiry and last use"},
			{"certificates", false, true, "when cert-manager's certificates end"},
			{"certificatesigningrequests", false, true, "client certificates"},
			{"externalsecrets", false, true, "which Secrets come from an external store"},
			{"clusterexternalsecrets", false, true, "which Secrets come from an external store"},
			{"pushsecrets", false, true, "which Secrets are written to an external store"},
			{"sealedsecrets", false, true, "which Secrets come from sealed ones"},
			{"serviceaccounts", false, false, "whose tokens they are"},
		}, workloadFeeds(false, "who uses a Secret, and literal values in pod specifications")...)
	case inventory.KindGrant:
		return []feed{
			{"rolebindings", true, true, "grants within namespaces"},
			{"clusterrolebindings", true, true, "grants in the whole cluster"},
			{"roles", false, true, "what roles of namespaces allow"},
			{"clusterroles", false, true, "what cluster roles allow"},
			{"serviceaccounts", false, false, "which bindings name nobody"},
			{"namespaces", false, false, "what Pod Security holds back"},
			{"pods", false, false, "which paths run through a pod"},
			{"certificatesigningrequests", false, false, "grants of users by the groups in their certificates"},
		}
	case inventory.KindUsage:
		return []feed{
			{"secrets", true, false, "last use of tokens"},
			{"configmaps", false, true, "since when the use of tokens is noted"},
		}
	case inventory.KindTrust:
		return append([]feed{
			{"serviceaccounts", true, false, "cloud identities that annotations give"},
			{"secretstores", false, true, "stores that operators read"},
			{"clustersecretstores", false, true, "stores that operators read"},
			{"issuers", false, true, "issuers of certificates"},
			{"clusterissuers", false, true, "issuers of certificates"},
			{"secretproviderclasses", false, true, "stores that the CSI driver reads"},
		}, workloadFeeds(false, "projected tokens")...)
	case inventory.KindConsumer:
		return workloadFeeds(true, "workloads")
	case inventory.KindOwner:
		return append([]feed{
			{"namespaces", false, true, "owners of namespaces"},
			{"serviceaccounts", false, false, "owners of accounts"},
			{"rolebindings", false, false, "owners of accounts that only bindings name"},
			{"clusterrolebindings", false, false, "owners of accounts that only bindings name"},
			{"secrets", false, false, "owners of Secrets"},
			{"certificatesigningrequests", false, false, "owners of client certificates"},
			{"certificates", false, false, "owners of certificates"},
			{"externalsecrets", false, false, "owners of Secrets"},
			{"sealedsecrets", false, false, "owners of Secrets"},
			{"secretproviderclasses", false, false, "owners of Secrets"},
		}, workloadFeeds(false, "owners of what only workloads name")...)
	default:
		return nil
	}
}

func workloadFeeds(main bool, loss string) []feed {
	var out []feed
	for _, r := range workloadResources {
		out = append(out, feed{r, main, main, loss})
	}
	for _, r := range customWorkloads {
		out = append(out, feed{r, false, main, loss})
	}
	return out
}

// seen reports whether all objects of the resources were seen. What has no
// listing was not asked for, and manifests never show all there is.
func (m *mapper) seen(resources ...string) bool {
	if m.declared {
		return false
	}
	for _, r := range resources {
		if !m.whole[r] {
			return false
		}
	}
	return true
}

// indexListings finds the resources of which all objects were seen.
func (m *mapper) indexListings() {
	m.whole = make(map[string]bool, len(m.c.Listings))
	partly, only := map[string]bool{}, map[string]bool{}
	for i := range m.c.Listings {
		l := &m.c.Listings[i]
		if l.Status != inventory.StatusComplete {
			partly[l.Resource] = true
		}
		if l.Namespace == "" {
			m.whole[l.Resource] = true
		} else if l.Resource == "serviceaccounts" {
			only[l.Namespace] = true
		}
	}
	if !m.whole["serviceaccounts"] {
		m.only = slices.Sorted(maps.Keys(only))
	}
	for r := range partly {
		m.whole[r] = false
	}
}

// note keeps something that a reader of the coverage of a kind should know.
func (m *mapper) note(kind inventory.Kind, text string) {
	if !slices.Contains(m.notes[kind], text) {
		m.notes[kind] = append(m.notes[kind], text)
	}
}

// lose keeps something that was not seen of a kind although listings were whole.
func (m *mapper) lose(kind inventory.Kind, text string) {
	if !slices.Contains(m.lost[kind], text) {
		m.lost[kind] = append(m.lost[kind], text)
	}
}

// maxReasons bounds the resources that a reason names.
const maxReasons = 12

// putCoverage says how much of a kind was seen.
func (m *mapper) putCoverage(kind inventory.Kind) {
	for _, n := range m.c.Notes {
		m.note(kind, inventory.Clip(n, maxText))
	}
	x := &inventory.Coverage{
		Scanner: m.scanner, Scope: m.scope, Kind: kind, Status: inventory.StatusComplete, Count: m.count[kind],
		Principal: inventory.Clip(m.c.Reader, maxText), Notes: slices.Clone(m.notes[kind]),
	}
	r := &reasons{}
	for _, f := range feeds(kind) {
		m.listed(x, f, r)
	}
	for _, text := range m.lost[kind] {
		r.add(text)
		r.incomplete = true
	}
	x.Status, x.Reason = r.status(x.Count)
	m.put(inventory.Record{Coverage: x}, inventory.KindCoverage)
}

// A cause is why something was not seen, and all that cannot be told for it.
type cause struct {
	text   string
	losses []string
}

func (c cause) String() string {
	if len(c.losses) == 0 {
		return c.text
	}
	return c.text + " (not told: " + strings.Join(c.losses, "; ") + ")"
}

// reasons gathers what is missing of one kind.
type reasons struct {
	causes                 []cause
	mains, denied, skipped int // main feeds; of which nothing was seen
	incomplete             bool
}

// listed adds what the listings of one resource say.
func (m *mapper) listed(x *inventory.Coverage, f feed, r *reasons) {
	asked, worst := false, inventory.StatusComplete
	for i := range m.c.Listings {
		l := &m.c.Listings[i]
		if l.Resource != f.resource {
			continue
		}
		asked = true
		if f.counted {
			x.Requests += max(0, l.Requests)
			controlled(x, f, l)
			for _, n := range l.Notes {
				if l.Count > 0 || !f.optional() {
					x.Notes = appendNew(x.Notes, inventory.Clip(f.resource+": "+n, maxText))
				}
			}
		}
		x.StartedAt, x.FinishedAt = span(x.StartedAt, x.FinishedAt, l)
		if l.Status == inventory.StatusComplete || l.Status == "" || l.Status == inventory.StatusSkipped && f.optional() {
			continue
		}
		if l.Status == inventory.StatusSkipped && !f.main { // on request, and next to nothing of this kind
			x.Notes = appendNew(x.Notes, inventory.Clip(f.resource+" were not asked for (not told: "+f.loss+")", maxText))
			continue
		}
		if worst == inventory.StatusComplete || l.Status == inventory.StatusPartial {
			worst = l.Status
		}
		if m.declared && len(m.lost[x.Kind]) > 0 {
			continue // what is wrong with the files is told file by file
		}
		r.lose(inventory.Clip(l.Reason, maxText), f.loss)
	}
	if worst == inventory.StatusComplete && len(m.only) > 0 && !m.declared && !clusterWide(f.resource) {
		worst = inventory.StatusPartial
		r.add("only the namespaces " + list(m.only) + " were asked for")
	}
	if !asked && !m.declared && !f.optional() {
		worst = inventory.StatusSkipped
		r.lose(f.resource+" were not asked for", f.loss)
	}
	r.count(f, worst)
}

// appendNew adds a note unless it is there, or there are many.
func appendNew(notes []string, n string) []string {
	if slices.Contains(notes, n) || len(notes) >= maxMore {
		return notes
	}
	return append(notes, n)
}

// clusterWide reports whether the objects of a resource have no namespace.
func clusterWide(resource string) bool {
	switch resource {
	case "namespaces", "clusterroles", "clusterrolebindings", "certificatesigningrequests", "clusterissuers", "clusterexternalsecrets",
		"clustersecretstores", "configmaps":
		return true
	}
	return false
}

// add tells of a cause, once.
func (r *reasons) add(text string) *cause {
	i := slices.IndexFunc(r.causes, func(c cause) bool { return c.text == text })
	if i < 0 {
		i = len(r.causes)
		r.causes = append(r.causes, cause{text: text})
	}
	return &r.causes[i]
}

// lose tells of a cause and of what cannot be told for it.
func (r *reasons) lose(text, loss string) {
	if c := r.add(text); loss != "" && !slices.Contains(c.losses, loss) {
		c.losses = append(c.losses, loss)
	}
}

func (r *reasons) count(f feed, worst inventory.Status) {
	if f.main {
		r.mains++
		switch worst {
		case inventory.StatusDenied:
			r.denied++
		case inventory.StatusSkipped:
			r.skipped++
		case inventory.StatusComplete, inventory.StatusPartial:
		}
	}
	r.incomplete = r.incomplete || worst != inventory.StatusComplete
}

// status sums up: what was denied as a whole is denied, what was left out on
// request is skipped, and everything between is partial.
func (r *reasons) status(count int) (status inventory.Status, reason string) {
	if !r.incomplete {
		return inventory.StatusComplete, ""
	}
	var text []string
	for i, c := range r.causes {
		if i == maxReasons {
			text = append(text, "and "+strconv.Itoa(len(r.causes)-i)+" more")
			break
		}
		text = append(text, c.String())
	}
	reason = strings.Join(text, "; ")
	if reason == "" {
		reason = "not all of it could be listed"
	}
	switch {
	case count == 0 && r.mains > 0 && r.skipped == r.mains:
		return inventory.StatusSkipped, reason
	case count == 0 && r.mains > 0 && r.denied+r.skipped == r.mains:
		return inventory.StatusDenied, reason
	default:
		return inventory.StatusPartial, reason
	}
}

// controlled takes over a count by another call. Records of a kind are more or
// fewer than the objects of one resource, so the total is theirs and what that
// count has more or less.
func controlled(x *inventory.Coverage, f feed, l *object.Listing) {
	if !f.main || l.ControlTotal == nil {
		return
	}
	total := x.Count
	if x.ControlTotal != nil {
		total = *x.ControlTotal
	}
	total = max(0, total+*l.ControlTotal-l.Count)
	x.ControlTotal, x.ControlSource = &total, inventory.Clip(l.ControlSource, maxText)
	if *l.ControlTotal != l.Count {
		x.Notes = append(x.Notes, inventory.Clip(f.resource+": "+strconv.Itoa(l.Count)+" were listed, and "+l.ControlSource+" counts "+strconv.Itoa(*l.ControlTotal), maxText))
	}
}
