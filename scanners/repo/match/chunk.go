package match

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
)

const (
	minChunk     = 384     // bytes of a chunk, at least, where the text goes on
	maxChunk     = 1 << 12 // a chunk ends with the first line that reaches this far
	chunkOdds    = 2       // of 1<<chunkOdds line ends between, one ends a chunk
	contextBase  = 1 << 11 // bytes around a chunk that its outcome may rest on, besides
	contextRatio = 4       // this many times its size
	runeMargin   = 4       // bytes that reading one rune may look at
	seenSets     = 1 << 15 // sets of outcomes, by hash
	seenWays     = 4       // outcomes in each
	itemsCap     = 1 << 16 // parts of all outcomes that are remembered
	itemsMax     = 1 << 9  // and of one
	sameTail     = 9       // bytes that tell whether a chunk may end behind them
)

// A chunk is some whole lines of a text. Where it ends is told by the lines
// themselves, so that most chunks of two versions of a file are the same.
type chunk struct {
	interval

	hash uint64
}

// split cuts a text into chunks. Every one begins at a line's start and, but
// for the last, ends with a newline.
func split(chunks []chunk, text []byte, seed maphash.Seed) []chunk {
	if len(text) == 0 {
		return append(chunks, chunk{hash: maphash.Bytes(seed, nil)})
	}
	for start := 0; start < len(text); {
		end := start
		for end < len(text) {
			from := max(end, min(start+minChunk, len(text)))
			nl := bytes.IndexByte(text[from:], '\n')
			if nl < 0 {
				end = len(text)
				break
			}
			if end = from + nl + 1; end-start >= maxChunk || endsChunk(text[:end]) {
				break
			}
		}
		chunks = append(chunks, chunk{interval{start, end}, maphash.Bytes(seed, text[start:end])})
		start = end
	}
	return chunks
}

// endsChunk reports whether a chunk may end behind some lines, by their last
// bytes.
func endsChunk(lines []byte) bool {
	const odd = 0x9E3779B97F4A7C15
	return binary.LittleEndian.Uint64(lines[len(lines)-sameTail:])*odd>>(64-chunkOdds) == 0
}

// An outcome is what looking at one chunk gave, with positions from the chunk's
// start. Most are empty.
type outcome struct {
	spans   []ruleSpan
	wide    []int        // rules that are to look at all of the text
	excess  []ruleExcess // rules that looked at much more than the chunk
	encoded []interval   // what decodes to text
}

// A ruleSpan is a place where a rule matches.
type ruleSpan struct {
	rule int
	at   interval
}

// A ruleExcess says by how many bytes a rule went over its budget in a chunk.
type ruleExcess struct{ rule, bytes int }

func (o *outcome) items() int { return len(o.spans) + len(o.wide) + len(o.excess) + len(o.encoded) }

// A recorder notes the outcome of the chunk that is looked at, and all of the
// text that was read for it.
type recorder struct {
	outcome
	interval // the chunk

	serial int // of the chunk, never used again
	lo, hi int // what was read; before 0 and beyond the text if its ends were seen
	partly bool
	tried  []int // rules whose automaton ran
}

func (r *recorder) begin(c chunk) {
	r.outcome, r.interval = outcome{}, c.interval
	r.serial++
	r.lo, r.hi, r.partly, r.tried = c.start, c.end, false, r.tried[:0]
}

func (r *recorder) read(lo, hi int) { r.lo, r.hi = min(r.lo, lo), max(r.hi, hi) }

// A chunkMemo remembers outcomes. What a look at a chunk gives is a function of
// the bytes that it read and of where the text begins and ends if it came
// there; nothing else of the text, no path and no rule's name enters into it. So
// an entry holds how far the look reached before and behind the chunk and a
// hash of all of that, and is taken only for a chunk whose surroundings are the
// same so far. Whatever a rule's expression is, what it read is what counts: no
// bound on its matches has to be known. Two seeded hashes, 128 bits, stand for
// the bytes. A memo takes 4 MB and the parts of its outcomes; it holds 131,072 outcomes at
// most; when outcomes that are not empty fill it, it forgets all.
type chunkMemo struct {
	seeds    [2]maphash.Seed
	sets     [][seenWays]chunkSeen
	outcomes []outcome // the first is empty
	items    int
}

// A chunkSeen is an outcome remembered.
type chunkSeen struct {
	hash, around  uint64 // of the chunk and what was looked for in it; of all that was read
	before, after uint32 // bytes read on either side, shifted by one; the lowest bit: the text ends there
	outcome       uint32
}

func newChunkMemo() chunkMemo {
	return chunkMemo{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}}
}

// key tells apart what is looked for in a chunk.
func (c chunk) key(tag int) uint64 { return c.hash + uint64(tag)*0x9E3779B97F4A7C15 }

// recall returns the outcome for a chunk, or nil if it is not known.
func (m *chunkMemo) recall(text []byte, c chunk, tag int) *outcome {
	if m.sets == nil {
		return nil
	}
	key := c.key(tag)
	set := &m.sets[key>>32%seenSets]
	for i := range set {
		s := &set[i]
		if s.hash != key || s.around == 0 {
			continue
		}
		lo, hi := c.start-int(s.before>>1), c.end+int(s.after>>1)
		if lo < 0 || hi > len(text) || s.before&1 != 0 && lo != 0 || s.after&1 != 0 && hi != len(text) {
			continue
		}
		if maphash.Bytes(m.seeds[1], text[lo:hi])|1 == s.around {
			return &m.outcomes[s.outcome]
		}
	}
	return nil
}

// keep remembers what was recorded of a chunk, unless that rests on too much
// around it.
func (m *chunkMemo) keep(text []byte, c chunk, tag int, r *recorder) {
	lo, hi := max(0, r.lo), min(len(text), r.hi)
	size := c.end - c.start
	if r.partly || hi-lo-size > contextBase+contextRatio*size || r.items() > itemsMax {
		return
	}
	if m.sets == nil || m.items+r.items() > itemsCap {
		m.sets, m.outcomes, m.items = make([][seenWays]chunkSeen, seenSets), make([]outcome, 1), 0
	}
	s := chunkSeen{
		hash: c.key(tag), around: maphash.Bytes(m.seeds[1], text[lo:hi]) | 1,
		before: uint32(c.start-lo) << 1, after: uint32(hi-c.end) << 1,
	}
	if r.lo < 0 {
		s.before |= 1
	}
	if r.hi > len(text) {
		s.after |= 1
	}
	if n := r.items(); n > 0 {
		s.outcome = uint32(len(m.outcomes))
		m.outcomes = append(m.outcomes, r.outcome)
		m.items += n
	}
	set := &m.sets[s.hash>>32%seenSets]
	copy(set[1:], set[:])
	set[0] = s
}
