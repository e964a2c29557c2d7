package azure

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// A cause is why something was not seen.
type cause struct {
	call    string // empty if it is no call's
	where   string
	why     string
	command string // of the command line of Azure, that would tell it
	loss    string // what cannot be told for it
	main    bool   // next to nothing is left without it
}

// newCause takes apart what a listing says, so that calls which came to nothing for
// the same reason can be told of together.
func newCause(l *object.Listing, loss string) cause {
	c := cause{call: inventory.Clip(l.Call, cloud.MaxText), where: inventory.Clip(l.Where, cloud.MaxText), why: l.Reason, loss: loss}
	if rest, ok := strings.CutPrefix(c.why, l.Call); ok && (strings.HasPrefix(rest, ": ") || strings.HasPrefix(rest, " in ")) {
		if _, why, ok := strings.Cut(rest, ": "); ok { // an error names its call, and where it was asked
			c.why = why
		}
	}
	if i := strings.LastIndex(c.why, ": az "); i >= 0 {
		c.why, c.command = c.why[:i], c.why[i+len(": "):]
	}
	c.why, c.command = inventory.Clip(c.why, cloud.MaxText), inventory.Clip(c.command, cloud.MaxText)
	return c
}

func (c cause) String() string { return told([]cause{c}) }

// told writes causes with the same reason as one.
func told(list []cause) string {
	if list[0].call == "" {
		return list[0].why
	}
	var names []string
	for _, of := range grouped(list, func(c cause) string { return cmp.Or(c.command, c.call) }) {
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
func callText(list []cause) string {
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
		text += " in " + strings.Join(places[:maxPlaces], ", ") + " and " + strconv.Itoa(n-maxPlaces) + " more"
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
func grouped(list []cause, key func(cause) string) [][]cause {
	var out [][]cause
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

// reasons gathers what is missing of one kind.
type reasons struct {
	causes                 []cause
	mains, denied, skipped int // main listings; of which nothing was seen
}

func (r *reasons) add(c cause) { r.causes = append(r.causes, c) }

// maxReasons bounds the reasons that are told.
const maxReasons = 12

// text tells of what is missing, what matters most first, and of each reason once.
func (r *reasons) text() string {
	slices.SortStableFunc(r.causes, func(a, b cause) int { return cmp.Compare(rank(b.main), rank(a.main)) })
	var text []string
	groups := grouped(r.causes, func(c cause) string {
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

// status sums up: what was denied as a whole is denied, what was left out is
// skipped, and everything between is partial.
func (r *reasons) status(count int) (status inventory.Status, reason string) {
	switch {
	case len(r.causes) == 0:
		return inventory.StatusComplete, ""
	case count == 0 && r.mains > 0 && r.skipped == r.mains:
		return inventory.StatusSkipped, r.text()
	case count == 0 && r.mains > 0 && r.denied+r.skipped == r.mains:
		return inventory.StatusDenied, r.text()
	default:
		return inventory.StatusPartial, r.text()
	}
}

// rank is 1 for what is told first.
func rank(first bool) int {
	if first {
		return 1
	}
	return 0
}
