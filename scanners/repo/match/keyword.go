package match

import "slices"

// A keywords automaton finds every occurrence of many words in one pass,
// letters of ASCII taken without case (Aho and Corasick, "Efficient string
// matching", CACM 18(6), 1975; all transitions computed beforehand). Safe for
// concurrent use.
type keywords struct {
	class  [256]uint8
	stride int
	next   []uint32 // state*stride+class: next state times stride, and hasOut
	out    [][]int  // by state: numbers of the words that end there
}

const hasOut = 1 << 31

func newKeywords(words []string) *keywords {
	k := &keywords{stride: 1}
	for _, w := range words {
		for i := range len(w) {
			if b := lower(w[i]); k.class[b] == 0 && k.stride < 255 {
				k.class[b] = uint8(k.stride)
				k.stride++
			}
		}
	}
	for b := byte('a'); b <= 'z'; b++ {
		k.class[b-'a'+'A'] = k.class[b]
	}
	k.link(k.trie(words))
	return k
}

func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

// trie enters the words and returns the children by state and class; 0 is none.
func (k *keywords) trie(words []string) [][]int {
	children := [][]int{make([]int, k.stride)}
	k.out = [][]int{nil}
	for n, w := range words {
		state := 0
		for i := range len(w) {
			c := k.class[lower(w[i])]
			if children[state][c] == 0 {
				children[state][c] = len(children)
				children = append(children, make([]int, k.stride))
				k.out = append(k.out, nil)
			}
			state = children[state][c]
		}
		k.out[state] = append(k.out[state], n)
	}
	return children
}

// link adds the transitions on failure, breadth first.
func (k *keywords) link(children [][]int) {
	fail := make([]int, len(children))
	order := []int{0}
	for i := 0; i < len(order); i++ {
		state := order[i]
		for c, child := range children[state] {
			switch {
			case child == 0 && state != 0:
				children[state][c] = children[fail[state]][c]
			case child != 0:
				order = append(order, child)
				if state != 0 {
					fail[child] = children[fail[state]][c]
				}
				k.out[child] = append(k.out[child], k.out[fail[child]]...)
			}
		}
	}
	k.next = make([]uint32, len(children)*k.stride)
	for state := range children {
		for c, child := range children[state] {
			k.next[state*k.stride+c] = uint32(child * k.stride)
			if len(k.out[child]) > 0 {
				k.next[state*k.stride+c] |= hasOut
			}
		}
		slices.Sort(k.out[state])
	}
}

// each calls found with the number of every word that occurs and the position
// after it, in order of that position.
func (k *keywords) each(text []byte, found func(word, end int)) {
	state := uint32(0)
	for i, b := range text {
		state = k.next[state+uint32(k.class[b])]
		if state&hasOut != 0 {
			state &^= hasOut
			for _, w := range k.out[int(state)/k.stride] {
				found(w, i+1)
			}
		}
	}
}
