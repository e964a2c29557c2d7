package policy

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
)

// TestBudget holds answers within bounds to those without: they are the same or
// unknown. What is spent does not hang on what is remembered.
func TestBudget(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	letter := func() string { return string(rune('a' + r.IntN(5))) }
	less := 0
	for range 400 {
		var list []string
		for range 3 + r.IntN(6) {
			effect := []string{"Allow", "Deny"}[r.IntN(2)]
			list = append(list, fmt.Sprintf(`{"Effect":%q,"Action":"*","Resource":["*%s*%s*","*%s%s*","arn:aws:s3:::%s*"]}`, effect, letter(), letter(), letter(), letter(), letter()))
		}
		l := &Layers{Identity: []*Policy{Compile("p", document(t, list...))}}
		q := Request{Principal: user(), Action: NewAction(get), Resource: Matching("arn:aws:s3:::" + letter() + "*"), Memo: &Memo{known: map[string]division{}, states: 1 << 16}}
		exact := Decide(&q, l)
		q.Memo = NewMemo()
		for _, states := range []int{1 << 16, 0} {
			var left [2]Budget
			for i := range left {
				left[i].States = states
				q.Budget = &left[i]
				d := Decide(&q, l)
				if d.Allowed != exact.Allowed && d.Allowed != inventory.Unknown || d.Some != exact.Some && d.Some != inventory.Unknown {
					t.Fatalf("%d states: %v and %v, without bounds %v and %v of %v", states, d.Allowed, d.Some, exact.Allowed, exact.Some, list)
				}
				if d.Allowed != exact.Allowed || d.Some != exact.Some {
					less++
					if !left[i].Short {
						t.Fatalf("%d states: answered less, and does not say so", states)
					}
				}
			}
			if left[0] != left[1] {
				t.Fatalf("%+v is left, from memory %+v", left[0], left[1])
			}
		}
	}
	if less == 0 {
		t.Error("nothing was bounded")
	}
}
