package repo

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/repo/archive"
	"github.com/muster-nhi/muster/scanners/repo/git"
	"github.com/muster-nhi/muster/scanners/repo/match"
)

// A foundWriter writes what was found in objects: a table of texts and one of infos,
// as gob, and then for each object numbers, as varints, which name them.
type foundWriter struct {
	discreet func(string) bool
	infos    []said

	tables  tables
	texts   map[string]uint64
	numbers map[int]uint64 // of infos, by their number in the scan, from 1
	unfit   map[int]bool
	objects int
	body    []byte
}

type tables struct {
	Texts []string
	Infos []said
}

func newFoundWriter(discreet func(string) bool, infos []said) *foundWriter {
	return &foundWriter{discreet: discreet, infos: infos, texts: map[string]uint64{}, numbers: map[int]uint64{}, unfit: map[int]bool{}}
}

// object adds what was found in an object, unless a secret stands in what would
// be kept of it, or there is no room.
func (e *foundWriter) object(id git.ID, t *told) {
	if len(e.body) > maxTold || !e.canKeep(t.pieces) {
		return
	}
	e.objects++
	name, _ := id.SHA1()
	e.body = append(e.body, name[:]...)
	e.text("")
	e.text(t.kind)
	e.number(t.opened.packed, t.opened.unpacked, int64(t.opened.closed), int64(len(t.opened.left)))
	for _, why := range slices.Sorted(maps.Keys(t.opened.left)) {
		e.text(string(why))
		e.number(int64(t.opened.left[why]))
	}
	e.number(int64(len(t.pieces)))
	for _, piece := range t.pieces {
		e.piece(piece)
	}
}

// whole adds what was found in a blob that is read as a whole.
func (e *foundWriter) whole(w whole, list []occurrence) {
	piece := &texts{occurrences: list, key: true}
	if len(e.body) > maxTold || !e.canKeep([]*texts{piece}) {
		return
	}
	e.objects++
	name, _ := w.id.SHA1()
	e.body = append(e.body, name[:]...)
	e.text(w.by)
	e.piece(piece)
}

func (e *foundWriter) canKeep(pieces []*texts) bool {
	for _, piece := range pieces {
		if piece.inner != "" && !e.discreet(piece.inner) {
			return false
		}
		for _, o := range piece.occurrences {
			if o.info == 0 || !e.infoIsDiscreet(o.info) {
				return false
			}
		}
	}
	return true
}

// infoIsDiscreet reports whether the texts of an info that records mask hold no
// secret.
func (e *foundWriter) infoIsDiscreet(n int) bool {
	bad, ok := e.unfit[n]
	if !ok {
		bad = !e.saidIsDiscreet(e.infos[n-1])
		e.unfit[n] = bad
	}
	return !bad
}

func (e *foundWriter) saidIsDiscreet(s said) bool {
	list := []string{s.Info.Name, s.Info.Algorithm}
	pairs := []map[string]string{s.Info.Attributes}
	if s.Told != nil {
		list = append(list, s.Told.Name, s.Told.User, s.Told.Host)
		pairs = append(pairs, s.Told.Facts)
	}
	for _, m := range pairs {
		for key, value := range m {
			list = append(list, key, value)
		}
	}
	return !slices.ContainsFunc(list, func(s string) bool { return !e.discreet(s) })
}

func (e *foundWriter) piece(piece *texts) {
	key := int64(0)
	if piece.key {
		key = 1
	}
	e.text(piece.inner)
	e.number(key, int64(piece.until), int64(piece.first), int64(len(piece.occurrences)))
	for i, o := range piece.occurrences {
		e.text(string(o.hash))
		e.text(o.rule)
		e.text(o.encoding)
		e.text(string(o.format))
		e.number(int64(o.line), int64(o.end), int64(o.column))
		e.info(o.info)
		if !piece.key {
			e.mark(piece.hits[i].Mark())
		}
	}
}

func (e *foundWriter) mark(m match.Mark) {
	e.text(m.Suppressed)
	for _, list := range [][]int{m.Conds, m.Shadows} {
		e.number(int64(len(list)))
		for _, n := range list {
			e.number(int64(n))
		}
	}
}

func (e *foundWriter) info(n int) {
	at, ok := e.numbers[n]
	if !ok {
		e.tables.Infos = append(e.tables.Infos, e.infos[n-1])
		at = uint64(len(e.tables.Infos))
		e.numbers[n] = at
	}
	e.body = binary.AppendUvarint(e.body, at)
}

func (e *foundWriter) text(s string) {
	at, ok := e.texts[s]
	if !ok {
		e.tables.Texts = append(e.tables.Texts, s)
		at = uint64(len(e.tables.Texts) - 1)
		e.texts[s] = at
	}
	e.body = binary.AppendUvarint(e.body, at)
}

func (e *foundWriter) number(list ...int64) {
	for _, n := range list {
		e.body = binary.AppendUvarint(e.body, uint64(max(0, n)))
	}
}

// bytes returns all that was added; nil if it cannot be written.
func (e *foundWriter) bytes() []byte {
	var head bytes.Buffer
	if err := gob.NewEncoder(&head).Encode(e.tables); err != nil {
		return nil
	}
	out := binary.AppendUvarint(nil, uint64(head.Len()))
	out = append(out, head.Bytes()...)
	out = binary.AppendUvarint(out, uint64(e.objects))
	return append(out, e.body...)
}

// A foundReader reads what a foundWriter wrote. After the first mistake all is zero.
type foundReader struct {
	tables tables
	rest   []byte
	bad    bool
	rules  *match.Ruleset
}

// open takes what was remembered. The error says that it is damaged.
func (f *findings) open(body []byte, rules *match.Ruleset) error {
	h := &foundReader{rest: body, rules: rules}
	head := h.take(h.number(len(body)))
	if h.bad {
		return errForgotten
	}
	if err := gob.NewDecoder(bytes.NewReader(head)).Decode(&h.tables); err != nil {
		return fmt.Errorf("%w: %w", errForgotten, err)
	}
	for n := h.number(len(body)); n > 0 && !h.bad; n-- {
		h.entry(f)
	}
	if h.bad || len(h.rest) > 0 {
		return errForgotten
	}
	f.infos = h.tables.Infos
	for i := range f.infos {
		if text, err := json.Marshal(f.infos[i]); err == nil {
			f.number[string(text)] = i + 1
		}
	}
	return nil
}

func (h *foundReader) entry(f *findings) {
	name := h.take(nameSize)
	by := h.text()
	if h.bad {
		return
	}
	id := git.SHA1([nameSize]byte(name))
	if by != "" {
		f.wholes[whole{id, by}] = h.piece().occurrences
		return
	}
	t := &told{kind: h.text()}
	t.opened.packed, t.opened.unpacked = int64(h.number(math.MaxInt)), int64(h.number(math.MaxInt))
	t.opened.closed = h.number(math.MaxInt)
	for n := h.number(len(h.rest)); n > 0 && !h.bad; n-- {
		if t.opened.left == nil {
			t.opened.left = map[archive.Reason]int{}
		}
		why := archive.Reason(h.text())
		t.opened.left[why] = h.number(math.MaxInt)
	}
	for n := h.number(len(h.rest)); n > 0 && !h.bad; n-- {
		t.pieces = append(t.pieces, h.piece())
	}
	h.bad = h.bad || !slices.Contains([]string{git.TypeBlob, git.TypeCommit, git.TypeTag}, t.kind)
	f.old[id] = t
}

func (h *foundReader) piece() *texts {
	piece := &texts{inner: h.text(), key: h.number(1) == 1, until: h.number(math.MaxInt), first: h.number(math.MaxInt)}
	var marks []match.Mark
	for n := h.number(len(h.rest)); n > 0 && !h.bad; n-- {
		o := occurrence{
			hash: inventory.SecretHash(h.text()), rule: h.text(), encoding: h.text(), format: archive.Format(h.text()), inner: piece.inner,
			line: h.number(math.MaxInt), end: h.number(math.MaxInt), column: h.number(math.MaxInt), info: h.number(len(h.tables.Infos)),
		}
		h.bad = h.bad || o.info == 0
		piece.occurrences = append(piece.occurrences, o)
		if !piece.key {
			marks = append(marks, match.Mark{Rule: o.rule, Suppressed: h.text(), Conds: h.list(), Shadows: h.list()})
		}
	}
	var err error
	if piece.hits, err = h.rules.Recall(marks); err != nil {
		h.bad = true
	}
	return piece
}

func (h *foundReader) list() (list []int) {
	for n := h.number(len(h.rest)); n > 0 && !h.bad; n-- {
		list = append(list, h.number(math.MaxInt))
	}
	return list
}

// number reads a number that is most at most.
func (h *foundReader) number(most int) int {
	n, size := binary.Uvarint(h.rest)
	if h.bad || size <= 0 || n > uint64(most) {
		h.bad, h.rest = true, nil
		return 0
	}
	h.rest = h.rest[size:]
	return int(n)
}

func (h *foundReader) text() string {
	if n := h.number(len(h.tables.Texts)); !h.bad && n < len(h.tables.Texts) {
		return h.tables.Texts[n]
	}
	h.bad = true
	return ""
}

func (h *foundReader) take(n int) []byte {
	if h.bad || n > len(h.rest) {
		h.bad = true
		return nil
	}
	out := h.rest[:n]
	h.rest = h.rest[n:]
	return out
}
