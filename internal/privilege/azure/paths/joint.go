package paths

import (
	"cmp"
	"slices"

	"github.com/muster-nhi/muster/internal/privilege/azure/arm"
)

// maxJoint is how many assignments of one principal are looked at together.
const maxJoint = 500

// A share is what one assignment adds on a place.
type share struct {
	at                int32
	certain, possible arm.Bits
	proof             int32
}

// addJoint adds the ways for which several assignments of a principal are
// needed, its own ones or those of its groups.
func (a *Analysis) addJoint() {
	for i := range a.estate.Principals {
		n := a.index[a.estate.Principals[i].ID]
		if shares := a.shares(n); len(shares) > 1 {
			a.join(n, shares)
		}
	}
}

// shares lists what a principal holds of Azure, widest first.
func (a *Analysis) shares(n int32) []share {
	var out []share
	sources := append([]int32{n}, a.groups.of(n)...)
	for _, from := range sources {
		for _, i := range a.grantsOf(from).assignments {
			s := &a.estate.Assignments[i]
			ok, certain, _ := a.standing(s.Eligible, s.Start, s.End)
			if !ok || s.Eligible && !a.user(n) || len(out) >= maxJoint {
				continue
			}
			at, r := a.given[i].place, &a.rights[a.rightsFor(i, a.profileOf(n))]
			if r.Possible.Empty() {
				continue
			}
			x := share{at: at, possible: r.Possible, proof: i}
			if certain {
				x.certain = r.Certain
			}
			out = append(out, x)
		}
	}
	slices.SortStableFunc(out, func(x, y share) int { return cmp.Compare(a.places[x.at].depth, a.places[y.at].depth) })
	return out
}

// join adds the ways that no single assignment opens.
func (a *Analysis) join(n int32, shares []share) {
	sum := map[int32]*share{}
	var all share
	for i := range shares {
		x := &shares[i]
		all.certain.Join(&x.certain)
		all.possible.Join(&x.possible)
		if sum[x.at] == nil {
			sum[x.at] = &share{at: x.at, proof: x.proof}
		}
	}
	if !a.joins(&all, shares) {
		return
	}
	places := make([]int32, 0, len(sum))
	for at := range sum {
		places = append(places, at)
	}
	slices.Sort(places)
	for i := range shares { // what is held above holds below
		for _, at := range places {
			if a.within(at, shares[i].at) {
				sum[at].certain.Join(&shares[i].certain)
				sum[at].possible.Join(&shares[i].possible)
			}
		}
	}
	for _, at := range places {
		for w := range a.ways {
			if !a.ways[w].hosts && !a.ways[w].several {
				continue
			}
			a.joinWay(n, w, sum[at], &all, shares)
		}
	}
}

// joins reports whether everything together opens a way that no part opens.
func (a *Analysis) joins(all *share, shares []share) bool {
	for w := range a.ways {
		way := &a.ways[w]
		if !way.hosts && !way.several || !way.met(&all.possible) {
			continue
		}
		if !slices.ContainsFunc(shares, func(x share) bool {
			return way.met(&x.certain) && (!way.hosts || x.certain.Any(&a.hostBits)) && a.places[x.at].id == ""
		}) {
			return true
		}
	}
	return false
}

// joinWay adds one way, unless one assignment opens it already.
func (a *Analysis) joinWay(n int32, w int, s, all *share, shares []share) {
	way := &a.ways[w]
	certain, ok := way.met(&s.certain), way.met(&s.possible)
	if way.hosts {
		certain, ok = certain && all.certain.Any(&a.hostBits), ok && all.possible.Any(&a.hostBits)
	}
	if !ok || (a.places[s.at].below|a.unreadAt(s.at))&(1<<w) == 0 {
		return
	}
	alone := func(x share) bool {
		return a.within(s.at, x.at) && way.met(&x.certain) && (!way.hosts || x.certain.Any(&a.hostBits))
	}
	if slices.ContainsFunc(shares, alone) {
		return
	}
	prof := a.trim(a.profileOf(n), s.at)
	a.link(edge{from: n, to: a.hub(w, s.at, prof), label: -1, note: -1, proof: proof{proofAssignment, s.proof}, certain: certain})
}
