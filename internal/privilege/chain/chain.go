// Package chain has what the analyses of all clouds say in the same words: reasons,
// and the hops of a way that leads from one principal to another. What they rest on
// differs: E is the evidence of one cloud. It is pure: no I/O, no clock.
package chain

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// Limits of what one result lists.
const (
	MaxPaths   = 8  // of one principal
	MaxHops    = 8  // of one path
	MaxReasons = 12 // of one result
)

// A Reason is a statement that one can point at.
type Reason[E any] struct {
	Text     string // a sentence or clause without a full stop
	Certain  bool
	Evidence []E
	Level    inventory.Level // that it gives
}

// Rank puts certain reasons of the highest level first: they have the highest rank.
func (r *Reason[E]) Rank() int {
	if r.Certain {
		return 2 * r.Level.Rank()
	}
	return 2*r.Level.Rank() - 1
}

// String returns the sentence, with "perhaps: " if it is not certain.
func (r *Reason[E]) String() string {
	if r.Certain {
		return r.Text
	}
	return "perhaps: " + r.Text
}

// A Hop is one step.
type Hop[E any] struct {
	ID       string // of the way: "iam-001", "AZAddSecret"
	From, To string // principals, as the cloud names them
	Via      string // what is used, as the cloud names it; may be empty
	Text     string // what is done, a clause: "makes an access key for user deploy"
	Evidence []E
	Certain  bool
	Notes    []string // on what it depends
}

// Settled is the level of somebody by the least and by the most that it may be: unknown
// if something unknown could make it more. Whoever escalates for certain does so, even
// if it may be an administrator as well.
func Settled(certain, possible inventory.Level) inventory.Level {
	if possible.Rank() > certain.Rank() && certain != inventory.LevelEscalate {
		return inventory.LevelUnknown
	}
	return certain
}

// Line writes hops in one line: "user/ci -[lambda-001]-> role/admin". Title is how a
// principal is called there.
func Line[E any](hops []Hop[E], title func(string) string) string {
	var b strings.Builder
	for i := range hops {
		h := &hops[i]
		if i == 0 {
			b.WriteString(title(h.From))
		}
		b.WriteString(" -[" + h.ID + "]-> " + title(h.To))
	}
	return b.String()
}

// Told words what hops, of which line is the Line, lead to: "becomes an administrator
// in 2 steps (…): makes a key, then signs in".
func Told[E any](end string, hops []Hop[E], line string) string {
	texts := make([]string, 0, len(hops))
	for i := range hops {
		texts = append(texts, hops[i].Text)
	}
	steps := strconv.Itoa(len(hops)) + " steps"
	if len(hops) == 1 {
		steps = "1 step"
	}
	return fmt.Sprintf("%s in %s (%s): %s", end, steps, line, strings.Join(texts, ", then "))
}
