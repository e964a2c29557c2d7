package match

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/zricethezav/gitleaks/v8/detect/codec"
)

const (
	runLength    = 16      // shortest run that gitleaks tries to decode as base64
	hexLength    = 32      // and as hex
	decodeMargin = 512     // bytes around an encoded value that a match may reach into
	decodeLong   = 1 << 12 // and in a line that is too long, this many
	maxRegion    = 1 << 14 // bytes that are decoded at a time, a line and margins besides
)

// decoded finds the secrets that are only there once base64, hex, percent or
// unicode escapes are undone. Where nothing decodes to text, which a cheap look
// at the first bytes tells, no decoder runs; where something does, gitleaks'
// own decoder does, on the lines around it.
func (m *Matcher) decoded(hits []Hit, text []byte) []Hit {
	m.begin(text)
	regions := encodedRegions(text, m.encoded)
	if len(regions) == 0 {
		return hits
	}
	for _, w := range regions {
		raw := text[w.start:w.end]
		key := m.memo.key(-1, raw)
		if m.memo.empty(key) {
			continue
		}
		known := len(m.apart)
		rules := m.decodedRules(string(raw))
		if len(rules) == 0 && len(m.apart) == known {
			m.memo.add(key)
		}
		m.begin(text)
		for _, i := range rules {
			if !m.states[i].compiled.apart {
				hits = m.detect(hits, i, w, true)
			}
		}
	}
	return m.decodedApart(hits, regions)
}

// decodedApart does so for rules that need something beside their match, which
// may stand anywhere in the text, decoded or not: where such a rule is switched
// on and matches in what decodes, gitleaks' detector is given the whole text.
func (m *Matcher) decodedApart(hits []Hit, regions []window) []Hit {
	text := m.text
	slices.Sort(m.apart)
	for _, i := range slices.Compact(m.apart) {
		if slices.ContainsFunc(regions, func(w window) bool { return m.decodes(i, text[w.start:w.end]) }) {
			hits = m.detect(hits, i, window{interval: interval{0, len(text)}}, true)
		}
	}
	return hits
}

// decodes reports whether a rule matches in some decoding pass of a region.
func (m *Matcher) decodes(i int, raw []byte) bool {
	st := m.state(i)
	if st.compiled.whole == nil {
		return true
	}
	key := m.memo.key(-2-i, raw)
	if m.memo.empty(key) {
		return false
	}
	if st.far == nil {
		st.far = newDFA(st.compiled.whole)
	}
	current, segments, decoder := string(raw), []*codec.EncodedSegment(nil), codec.NewDecoder()
	for range maxDecodeDepth {
		if current, segments = decoder.Decode(current, segments); len(segments) == 0 {
			break
		}
		if end, _ := st.far.scan([]byte(current), 0, len(current), true); end >= 0 {
			return true
		}
	}
	m.memo.add(key)
	return false
}

// decodedRules returns the rules that match in some decoding pass of a region.
func (m *Matcher) decodedRules(current string) []int {
	var (
		rules    []int
		segments []*codec.EncodedSegment
		decoder  = codec.NewDecoder()
	)
	for range maxDecodeDepth {
		current, segments = decoder.Decode(current, segments)
		if len(segments) == 0 {
			break
		}
		for _, i := range m.find([]byte(current)) {
			rules = append(rules, i)
			m.release(i)
		}
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}

// encodingOf returns the encodings that gitleaks says a finding was decoded
// from ("decoded:base64"), joined by "+".
func encodingOf(tags []string) string {
	var kinds []string
	for _, tag := range tags {
		if kind, ok := strings.CutPrefix(tag, "decoded:"); ok && !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	return strings.Join(kinds, "+")
}

// encodedRegions returns the lines that hold something that decodes to text,
// which stands at spans, with some text around them.
func encodedRegions(text []byte, spans []interval) []window {
	slices.SortFunc(spans, func(a, b interval) int { return cmp.Or(a.start-b.start, a.end-b.end) })
	var out []window
	for _, s := range spans {
		w := region(text, s)
		n := len(out)
		size := 0
		if n > 0 {
			size = out[n-1].end - out[n-1].start
		}
		if n > 0 && (w.cutStart && size > 2*decodeLong || size > maxRegion) {
			// A long line, or many, are taken in regions that overlap, not in one:
			// gitleaks compares each match with all that was decoded.
			if s.end+decodeMargin > out[n-1].end {
				out = append(out, w)
			}
			continue
		}
		if n > 0 && w.start <= out[n-1].end {
			if w.end > out[n-1].end {
				out[n-1].end, out[n-1].cutEnd = w.end, w.cutEnd
			}
			continue
		}
		out = append(out, w)
	}
	return out
}

// region widens a part to lines, at least decodeMargin bytes on either side.
func region(text []byte, s interval) window {
	w := window{interval: interval{max(0, s.start-decodeMargin), min(len(text), s.end+decodeMargin)}}
	back := max(0, w.start-longLine)
	if nl := bytes.LastIndexByte(text[back:w.start], '\n'); nl >= 0 {
		w.start = back + nl
	} else if back > 0 {
		w.start, w.cutStart = runeStart(text, max(0, s.start-decodeLong)), true
	} else {
		w.start = 0
	}
	ahead := min(len(text), w.end+longLine)
	if nl := bytes.IndexByte(text[w.end:ahead], '\n'); nl >= 0 {
		w.end += nl + 1
	} else if ahead < len(text) {
		w.end, w.cutEnd = min(len(text), s.end+decodeLong), true
	} else {
		w.end = len(text)
	}
	return w
}

// base64Runs appends the runs of letters that gitleaks would decode, as base64
// or as hex, to printable text.
func base64Runs(spans []interval, text []byte) []interval {
	for i := 0; i+runLength <= len(text); {
		j := i + runLength - 1
		for j >= i && isRun[text[j]] {
			j--
		}
		if j >= i {
			i = j + 1
			continue
		}
		end := i + runLength
		for end < len(text) && isRun[text[end]] {
			end++
		}
		if decodable(text, i, end) {
			spans = append(spans, interval{i, end})
		}
		i = end
	}
	return spans
}

// decodable reports whether the run text[start:end], or what of it is left
// when an escape has taken its beginning, decodes to printable text.
func decodable(text []byte, start, end int) bool {
	if decodes(text, start, end) {
		return true
	}
	if start == 0 {
		return false
	}
	switch {
	case text[start-1] == '%':
		return decodes(text, start+2, end)
	case text[start-1] == '\\' && text[start]|0x20 == 'u', text[start-1] == '+' && text[start]|0x20 == 'u':
		return decodes(text, start+5, end)
	default:
		return false
	}
}

func decodes(text []byte, start, end int) bool {
	if end-start < runLength {
		return false
	}
	run := text[start:end]
	hex := 0
	for hex < len(run) && isHex(run[hex]) {
		hex++
	}
	if hex >= hexLength {
		return hexPrintable(run[:hex]) || decodes(text, start+hex, end)
	}
	pad := end
	for pad < len(text) && pad < end+2 && text[pad] == '=' {
		pad++
	}
	return base64Printable(text[start:pad])
}

func hexPrintable(run []byte) bool {
	if len(run)%2 != 0 {
		return false
	}
	for i := 0; i < len(run); i += 2 {
		if b := unhex(run[i])<<4 | unhex(run[i+1]); !printable(b) {
			return false
		}
	}
	return true
}

// base64Printable decodes as gitleaks does. Most of what is no base64 is told by
// its first four characters.
func base64Printable(run []byte) bool {
	if !beginsPrintable(run) {
		return false
	}
	out := make([]byte, base64.StdEncoding.DecodedLen(len(run)))
	if n, err := base64.StdEncoding.Decode(out, run); err == nil && allPrintable(out[:n]) {
		return true
	}
	out = make([]byte, base64.RawURLEncoding.DecodedLen(len(run)))
	n, err := base64.RawURLEncoding.Decode(out, run)
	return err == nil && allPrintable(out[:n])
}

// beginsPrintable reports whether the first four characters of a run decode to
// printable text, in one of the two alphabets.
func beginsPrintable(run []byte) bool {
	var bits uint32
	var kinds byte
	for _, c := range run[:4] {
		v := sixBits[c]
		bits = bits<<6 | uint32(v&63)
		kinds |= v
	}
	return kinds>>6 != 3 && printable(byte(bits>>16)) && printable(byte(bits>>8)) && printable(byte(bits))
}

// sixBits is what a character of a run stands for in base64. Bit 6 marks those
// of the standard alphabet alone, bit 7 those of the other alone.
var sixBits = func() (table [256]byte) { //nolint:gochecknoglobals // a constant table
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	for i := range len(letters) {
		table[letters[i]] = byte(i)
	}
	table['+'], table['/'], table['-'], table['_'] = 62|1<<6, 63|1<<6, 62|1<<7, 63|1<<7
	return table
}()

// escapes appends the places of percent and unicode escapes.
func escapes(spans []interval, text []byte) []interval {
	for i := 0; i+2 < len(text); i++ {
		next := bytes.IndexByte(text[i:len(text)-2], '%')
		if next < 0 {
			break
		}
		if i += next; isHex(text[i+1]) && isHex(text[i+2]) && printable(unhex(text[i+1])<<4|unhex(text[i+2])) {
			spans = append(spans, interval{i, i + 3})
		}
	}
	for _, mark := range []string{`\u`, `\U`, `U+`} {
		for i := 0; i < len(text); {
			next := bytes.Index(text[i:], []byte(mark))
			if next < 0 {
				break
			}
			if i += next; i+6 <= len(text) && allHex(text[i+2:i+6]) {
				spans = append(spans, interval{i, i + 6})
			}
			i += 2
		}
	}
	return spans
}

func allHex(b []byte) bool {
	for _, c := range b {
		if !isHex(c) {
			return false
		}
	}
	return true
}

func isHex(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'f' || 'A' <= b && b <= 'F'
}

func unhex(b byte) byte {
	if b <= '9' {
		return b - '0'
	}
	return b&0x0F + 9
}

func printable(b byte) bool { return '\x08' < b && b < '\x7f' }

func allPrintable(b []byte) bool {
	for _, c := range b {
		if !printable(c) {
			return false
		}
	}
	return true
}

// isRun marks the characters of gitleaks' pattern for base64: [\w/+-].
var isRun = func() (set [256]bool) { //nolint:gochecknoglobals // a constant table
	for b := range 256 {
		c := byte(b)
		set[b] = '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c == '/' || c == '+' || c == '-'
	}
	return set
}()
