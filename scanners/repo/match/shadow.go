package match

import (
	"bytes"
	"fmt"
	"index/suffixarray"
	"iter"
	"slices"
)

// shadow notes which hits of a generic rule a specific rule explains: on the
// same line, with a secret that contains the generic one's (gitleaks' filter).
// Of hits that are judged alike at every path one is noted.
func shadow(hits []Hit) {
	for first, line := range ByLine(hits) {
		if !slices.ContainsFunc(line, func(h Hit) bool { return h.rule.generic }) {
			continue
		}
		for _, c := range alike(line) {
			holds := Holding(c.secrets)
			for i := range line {
				if line[i].rule.generic && holds(line[i].Secret) {
					line[i].shadows = append(line[i].shadows, first+c.first)
				}
			}
		}
	}
}

// A likeness is some specific hits of a line that are judged alike at every path.
type likeness struct {
	first   int // of them, on the line
	secrets [][]byte
}

// alike returns the likenesses of a line, in order.
func alike(line []Hit) (list []likeness) {
	number := map[string]int{}
	for i := range line {
		h := &line[i]
		if h.rule.generic {
			continue
		}
		key := fmt.Sprintf("%d %q %v", h.rule.number, h.Suppressed, h.conds)
		n, ok := number[key]
		if !ok {
			n = len(list)
			number[key] = n
			list = append(list, likeness{first: i})
		}
		list[n].secrets = append(list[n].secrets, h.Secret)
	}
	return list
}

// ByLine gives the hits of each line, and how many stand before them. They are
// sorted by line, as Match returns them.
func ByLine(hits []Hit) iter.Seq2[int, []Hit] {
	return func(yield func(int, []Hit) bool) {
		for first := 0; first < len(hits); {
			end := first + 1
			for end < len(hits) && hits[end].Line == hits[first].Line {
				end++
			}
			if !yield(first, hits[first:end]) {
				return
			}
			first = end
		}
	}
}

// few is how many secrets are compared one by one.
const few = 8

// Holding returns a function that reports whether a text stands in one of some
// secrets. To ask for many texts takes a time that grows with their length and
// with that of the secrets, not with their number times that of the secrets. The secrets must
// not change meanwhile.
func Holding(secrets [][]byte) func(text []byte) bool {
	if len(secrets) <= few {
		return func(text []byte) bool {
			return slices.ContainsFunc(secrets, func(s []byte) bool { return bytes.Contains(s, text) })
		}
	}
	secrets = slices.CompactFunc(slices.SortedFunc(slices.Values(secrets), bytes.Compare), bytes.Equal)
	ends := make([]int, len(secrets))
	for i, s := range secrets {
		ends[i] = len(s)
		if i > 0 {
			ends[i] += ends[i-1]
		}
	}
	index, known := suffixarray.New(bytes.Join(secrets, nil)), map[string]bool{}
	return func(text []byte) bool {
		if len(text) == 0 {
			return true
		}
		has, ok := known[string(text)]
		if !ok {
			has = slices.ContainsFunc(index.Lookup(text, -1), func(at int) bool {
				n, _ := slices.BinarySearch(ends, at+1)
				return at+len(text) <= ends[n]
			})
			known[string(text)] = has
		}
		return has
	}
}
