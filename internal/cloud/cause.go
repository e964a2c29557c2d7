package cloud

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A Listing is how one call fared.
type Listing struct {
	Tool   string // the cloud's command line: commands in reasons begin with it
	Places string // what Where names, in the plural; empty is not said
	Call   string // as the vendor spells it, or the permission that it takes
	Where  string // what was asked for, if not the whole: a region, an account, a vault
	Status inventory.Status
	Reason string // what, why and what to do, where Status is not complete
}

// Complete reports whether a listing of a status told all; no status says so.
func Complete(s inventory.Status) bool { return s == inventory.StatusComplete || s == "" }

// A Cause is why something was not seen.
type Cause struct {
	call    string // empty if it is no call's
	where   string
	why     string
	command string // of the cloud's command line, that would tell it
	loss    string // what cannot be told for it
	places  string // what where is one of, with a space before it
	main    bool   // next to nothing is left without it
}

// NewCause takes apart what a listing says, so that calls which came to nothing for
// the same reason can be told of together. The loss is what cannot be told for it.
func NewCause(l Listing, loss string) Cause {
	c := Cause{call: inventory.Clip(l.Call, MaxText), where: inventory.Clip(l.Where, MaxText), why: l.Reason, loss: loss}
	if l.Places != "" {
		c.places = " " + l.Places
	}
	if rest, ok := strings.CutPrefix(c.why, l.Call); ok && (strings.HasPrefix(rest, ": ") || strings.HasPrefix(rest, " in ")) {
		if _, why, ok := strings.Cut(rest, ": "); ok { // an error names its call, and where it was asked
			c.why = why
		}
	}
	c.why = strings.Replace(c.why, "the permission "+l.Call+" is missing", "the permission is missing", 1)
	if i := strings.LastIndex(c.why, ": "+l.Tool+" "); i >= 0 {
		c.why, c.command = c.why[:i], c.why[i+len(": "):]
	}
	c.why, c.command = inventory.Clip(c.why, MaxText), inventory.Clip(c.command, MaxText)
	return c
}

// String tells a cause by itself.
func (c Cause) String() string { return told([]Cause{c}) }

// told writes causes with the same reason as one.
func told(list []Cause) string {
	if list[0].call == "" {
		return list[0].why
	}
	var names []string
	for _, of := range grouped(list, func(c Cause) string { return cmp.Or(c.command, c.call) }) {
		names = append(names, callText(of))
	}
	if more := len(names) - maxCalls; more > 1 {
		names = append(names[:maxCalls], "and "+strconv.Itoa(more)+" more")
	}
	text, why := strings.Join(names, ", "), list[0].why
	switch {
	case list[0].command != "":
		return why + ": " + text
	case why == "":
		return text
	}
	return text + ": " + why
}

// callText names one call, where it was asked, and what cannot be told without it.
func callText(list []Cause) string {
	c := list[0]
	text := c.call
	var places, losses []string
	for _, x := range list {
		if x.where != "" && !slices.Contains(places, x.where) {
			places = append(places, x.where)
		}
		if x.loss != "" && !slices.Contains(losses, x.loss) {
			losses = append(losses, x.loss)
		}
	}
	switch n := len(places); {
	case c.command != "": // it names the place
		text = c.command
	case n > maxPlaces+1:
		text += " in " + strings.Join(places[:maxPlaces], ", ") + " and " + strconv.Itoa(n-maxPlaces) + " more" + c.places
	case n > 0:
		text += " in " + strings.Join(places, ", ")
	}
	if len(losses) > 0 {
		text += " (" + strings.Join(losses, "; ") + ")"
	}
	return text
}

// Bounds of what is named for one reason.
const (
	maxPlaces = 3
	maxCalls  = 8
)

// grouped puts together what has the same key, in the order of the first of each.
func grouped(list []Cause, key func(Cause) string) [][]Cause {
	var out [][]Cause
	at := map[string]int{}
	for _, c := range list {
		k := key(c)
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], c)
	}
	return out
}

// Reasons gathers what is missing of one kind.
type Reasons struct {
	causes                 []Cause
	mains, denied, skipped int // main listings; of which nothing was seen
	all, refused, left     int // the same of all listings
}

// Add takes in why something was not seen.
func (r *Reasons) Add(c Cause) { r.causes = append(r.causes, c) }

// Lost takes in what was not seen beside what listings say.
func (r *Reasons) Lost(texts ...string) {
	for _, text := range texts {
		r.Add(Cause{why: text, main: true})
	}
}

// Empty reports whether nothing is missing.
func (r *Reasons) Empty() bool { return len(r.causes) == 0 }

// Nothing says that nothing at all was read, because it was refused or because nobody
// asked.
func (r *Reasons) Nothing(why string, refused bool) {
	r.Lost(why)
	r.mains, r.denied = 1, rank(refused)
	r.skipped = 1 - r.denied
}

// Tell takes in how a call fared, what cannot be told without it, and whether that is
// next to everything.
func (r *Reasons) Tell(l Listing, loss string, main bool) {
	r.all++
	if main {
		r.mains++
	}
	if Complete(l.Status) {
		return
	}
	c := NewCause(l, loss)
	c.main = main || l.Status == inventory.StatusDenied
	r.Add(c)
	switch l.Status {
	case inventory.StatusDenied:
		r.refused++
		r.denied += rank(main)
	case inventory.StatusSkipped:
		r.left++
		r.skipped += rank(main)
	case inventory.StatusComplete, inventory.StatusPartial:
	}
}

// maxReasons bounds the reasons that are told.
const maxReasons = 12

// Text tells of what is missing, what matters most first, and of each reason once.
func (r *Reasons) Text() string {
	slices.SortStableFunc(r.causes, func(a, b Cause) int { return cmp.Compare(rank(b.main), rank(a.main)) })
	var text []string
	groups := grouped(r.causes, func(c Cause) string {
		if c.call == "" {
			return "\x00" + c.why
		}
		return c.why + "\x00" + strings.Repeat("run", rank(c.command != ""))
	})
	for i, list := range groups {
		if i == maxReasons {
			text = append(text, "and "+strconv.Itoa(len(groups)-i)+" more")
			break
		}
		text = append(text, told(list))
	}
	return cmp.Or(strings.Join(text, "; "), "not all of it could be listed")
}

// Status sums up: what was denied as a whole is denied, what was left out is
// skipped, and everything between is partial. Where no main listing was made, all of
// them count.
func (r *Reasons) Status(count int) (status inventory.Status, reason string) {
	mains, denied, skipped := r.mains, r.denied, r.skipped
	if mains == 0 {
		mains, denied, skipped = r.all, r.refused, r.left
	}
	switch {
	case len(r.causes) == 0:
		return inventory.StatusComplete, ""
	case count == 0 && mains > 0 && skipped == mains:
		return inventory.StatusSkipped, r.Text()
	case count == 0 && mains > 0 && denied+skipped == mains:
		return inventory.StatusDenied, r.Text()
	default:
		return inventory.StatusPartial, r.Text()
	}
}

// rank is 1 for what is told first.
func rank(first bool) int {
	if first {
		return 1
	}
	return 0
}

// Telling is which of two failures to tell, of many that are told as one: the first,
// but rather one that need not stand another time. first may be nil.
func Telling(first, err error, stands func(error) bool) error {
	if first == nil || stands(first) && !stands(err) {
		return err
	}
	return first
}
