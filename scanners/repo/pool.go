package repo

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/muster-nhi/muster/scanners/repo/archive"
	"github.com/muster-nhi/muster/scanners/repo/git"
	"github.com/muster-nhi/muster/scanners/repo/match"
	"github.com/muster-nhi/muster/scanners/repo/secret"
)

const (
	batchSize    = 1 << 20  // bytes of small objects that travel together
	chunkSize    = 8 << 20  // a larger text is matched in pieces of that size
	chunkOverlap = 64 << 10 // that share this much
	wideLimit    = 64 << 20 // largest UTF-16 or UTF-32 text that is read
)

// A source says where a text comes from: an object, or a file on disk.
type source struct {
	id   git.ID
	kind string // git.TypeBlob, TypeCommit, TypeTag; "" is a file
	path string // of a file

	inner  string         // path in an archive
	format archive.Format // of what it is packed in
}

// A text is one piece of work for a matcher.
type text struct {
	source source
	data   []byte
	first  int    // number of its first line, from 1
	until  int    // hits on this line and later belong to the next piece; 0 is none
	lines  bool   // whether lines mean something
	packed bool   // an archive, to be opened
	runs   []byte // UTF-16 in a binary file, to be matched besides
	proven bool   // it is all of an object, and that has this name
}

// A pool matches texts with several matchers. Its methods are called by one
// goroutine, but for match.
type pool struct {
	job      *job
	matchers []*matcher
	feeding  sync.Mutex // held by match where it feeds

	batch   []text
	size    int
	batches chan []text
	workers sync.WaitGroup
	large   []source // objects in pieces, whose content has their name
}

// A matcher is used by a worker of the pool, and by one that reads objects.
type matcher struct {
	mu      sync.Mutex
	rules   *match.Matcher
	scratch []byte
}

func newPool(j *job) *pool {
	n := cmp.Or(j.workers, processors())
	p := &pool{job: j, batches: make(chan []text, 1)}
	for range n {
		m := &matcher{rules: j.run.matcher(j.rules)}
		p.matchers = append(p.matchers, m)
		p.workers.Go(func() {
			for batch := range p.batches {
				for _, t := range batch {
					if j.ctx.Err() == nil {
						p.do(m, t)
					}
				}
			}
		})
	}
	return p
}

// do matches a text, or what is in it.
func (p *pool) do(m *matcher, t text) {
	if !t.packed {
		hits := m.match(t.data)
		clean := len(hits) == 0
		p.job.collect(t, hits)
		if len(t.runs) > 0 {
			hits = m.match(t.runs)
			clean = clean && len(hits) == 0
			p.job.collect(text{source: t.source}, hits)
		}
		if t.proven {
			p.job.learn(t.source, !clean, opened{})
		}
		return
	}
	found, o, err := p.unpack(m, t.source, archive.Source{At: bytes.NewReader(t.data), Size: int64(len(t.data))})
	if err == nil && t.proven { // only the end of the context is an error
		p.job.learn(t.source, found, o)
	}
}

func (m *matcher) match(data []byte) []match.Hit {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.rules.Match(data)
}

// match matches a text that is only lent: it is not kept, and not changed. The
// worker is a number below that of the matchers, which no two calls at a time
// share.
func (p *pool) match(worker int, s source, data []byte) error {
	if len(data) > chunkSize && encodingOf(data) != packed {
		p.feeding.Lock()
		defer p.feeding.Unlock()
		if err := p.feedLarge(s, bytes.NewReader(data), int64(len(data))); err != nil {
			return err
		}
		if p.job.known.proves(s, data) {
			p.large = append(p.large, s)
		}
		return nil
	}
	m := p.matchers[worker]
	t := p.whole(s, data, func(data []byte) []byte {
		m.scratch = append(m.scratch[:0], data...)
		return m.scratch
	})
	switch {
	case len(t.data) > 0:
		p.do(m, t)
	case t.proven:
		p.job.learn(s, false, opened{})
	}
	return nil
}

// close waits until all that was fed is matched.
func (p *pool) close() {
	p.flush()
	close(p.batches)
	p.workers.Wait()
	j := p.job
	for _, m := range p.matchers {
		j.run.giveBack(j.rules, m.rules)
	}
	for _, s := range p.large {
		if pieces := j.objects[s.id]; j.ctx.Err() == nil {
			slices.SortStableFunc(pieces, func(a, b *texts) int { return a.first - b.first })
			j.learn(s, len(pieces) > 0, opened{})
		}
	}
}

func (p *pool) flush() {
	if len(p.batch) > 0 {
		p.batches <- p.batch
	}
	p.batch, p.size = nil, 0
}

func (p *pool) add(t text) {
	if len(t.data) == 0 {
		if t.proven {
			p.job.learn(t.source, false, opened{})
		}
		return
	}
	p.batch = append(p.batch, t)
	if p.size += len(t.data); p.size >= batchSize {
		p.flush()
	}
}

// feed reads a text of a known size and hands it to the matchers. The error is
// that of the reader.
func (p *pool) feed(s source, in io.Reader, size int64) error {
	if size > chunkSize {
		return p.feedHeld(s, in, size)
	}
	data := make([]byte, size)
	n, err := io.ReadFull(in, data)
	if err != nil && !errors.Is(err, io.EOF) && (s.kind != "" || !errors.Is(err, io.ErrUnexpectedEOF)) {
		return fmt.Errorf("read object: %w", err)
	}
	p.addWhole(s, data[:n])
	return nil
}

// feedHeld is feedLarge, and holds the content of an object to its name on the
// way.
func (p *pool) feedHeld(s source, in io.Reader, size int64) error {
	if p.job.known == nil || s.kind == "" {
		return p.feedLarge(s, in, size)
	}
	h := newObjectHash(s.kind, size, s.id)
	if err := p.feedLarge(s, io.TeeReader(in, h), size); err != nil {
		return err
	}
	if hex.EncodeToString(h.Sum(nil)) == s.id.String() {
		p.large = append(p.large, s)
	}
	return nil
}

func (p *pool) addWhole(s source, data []byte) {
	p.add(p.whole(s, data, func(data []byte) []byte { return data }))
}

// whole makes a text of all of an object or file. Data that has to be changed
// for it is asked of own.
func (p *pool) whole(s source, data []byte, own func([]byte) []byte) (t text) {
	proven := p.job.known.proves(s, data)
	if s.kind == git.TypeCommit || s.kind == git.TypeTag {
		return text{source: s, data: message(data), first: 1, lines: true, proven: proven}
	}
	enc := encodingOf(data)
	switch enc {
	case packed:
		return text{source: s, data: data, packed: true, proven: proven}
	case binaryText:
		t.runs = wideRuns(data)
		data = own(data)
	case nulText:
		data = own(data)
	default:
	}
	if enc == plain && isNotebook(data) {
		data = plainNotebook(own(data))
	}
	t.source, t.data, t.first, t.lines, t.proven = s, enc.read(data), 1, enc != binaryText, proven
	return t
}

// feedLarge matches a large text piece by piece. Pieces are cut at line ends
// where there are any.
func (p *pool) feedLarge(s source, in io.Reader, size int64) error {
	return p.pieces(s, in, size, p.add)
}

// pieces makes pieces of a large text. Of a member of an archive the size is
// not known, and may be given as anything that is not less.
func (p *pool) pieces(s source, in io.Reader, size int64, do func(text)) error {
	var (
		carry []byte
		line  = 1
		enc   encoding
		left  = size
	)
	for first := true; left > 0; first = false {
		n := min(left, chunkSize)
		data := make([]byte, int64(len(carry))+n)
		copy(data, carry)
		got, err := io.ReadFull(in, data[len(carry):])
		exact := s.kind != "" && s.format == archive.None
		if err != nil && !errors.Is(err, io.EOF) && (exact || !errors.Is(err, io.ErrUnexpectedEOF)) {
			return fmt.Errorf("read object: %w", err)
		}
		data = data[:len(carry)+got]
		if left -= n; int64(got) < n {
			left = 0 // the file has shrunk
		}
		if first {
			switch enc = encodingOf(data); enc {
			case packed:
				src := archive.Source{Reader: io.MultiReader(bytes.NewReader(data), in), Size: size}
				src.At, _ = in.(io.ReaderAt)
				p.job.spoil(s) // its content was not held to its name
				_, _, err := p.unpack(p.matchers[0], s, src)
				return err
			case utf16le, utf16be, utf32le, utf32be:
				return p.feedWide(s, in, data, left, enc, do)
			case plain, nulText, binaryText:
			}
		}
		t := text{source: s, first: line, lines: enc != binaryText}
		if enc == binaryText {
			t.runs = wideRuns(data)
		}
		t.data = enc.read(data)
		if left > 0 {
			cut, atLine := cutAt(t.data)
			line += bytes.Count(t.data[:cut], []byte("\n"))
			if atLine {
				t.until = line
			}
			carry = bytes.Clone(t.data[cut:])
		}
		do(t)
	}
	return nil
}

// cutAt chooses where the next piece begins, and whether that is a line's
// start.
func cutAt(data []byte) (int, bool) {
	from := max(0, len(data)-chunkOverlap)
	if nl := bytes.IndexByte(data[from:], '\n'); nl >= 0 && from+nl+1 < len(data) {
		return from + nl + 1, true
	}
	return from, false
}

func (p *pool) feedWide(s source, in io.Reader, head []byte, left int64, enc encoding, do func(text)) error {
	rest, err := io.ReadAll(io.LimitReader(in, min(left, wideLimit+1-int64(len(head)))))
	if err != nil {
		return fmt.Errorf("read object: %w", err)
	}
	if len(head)+len(rest) > wideLimit {
		p.job.skip("larger than 64 MB and in UTF-16 or UTF-32")
		p.job.spoil(s)
		return nil
	}
	do(text{source: s, data: enc.read(append(head, rest...)), first: 1, lines: true})
	return nil
}

// collect keeps what was found in a text, and clears the secrets.
func (j *job) collect(t text, hits []match.Hit) {
	if len(hits) == 0 {
		return
	}
	markMadeUp(hits)
	markPublicSums(hits)
	occurrences := make([]occurrence, len(hits))
	described := make([]*description, len(hits))
	for i := range hits {
		h := &hits[i]
		occurrences[i] = occurrence{
			hash: j.scan.env.Hash(h.Secret), rule: h.Rule, encoding: h.Encoding, inner: t.source.inner, format: t.source.format,
		}
		if t.lines {
			occurrences[i].line = h.Line + t.first - 1
			occurrences[i].end = h.EndLine + t.first - 1
			occurrences[i].column = h.Column
		}
		described[i] = j.describe(t.source, h, occurrences[i])
		clear(h.Secret)
		h.Secret, h.Context = nil, nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	piece := &texts{hits: hits, occurrences: occurrences, first: t.first, until: t.until, inner: t.source.inner}
	for i := range hits {
		occurrences[i].info = j.tells.note(described[i], nil)
		j.remember(occurrences[i], described[i])
	}
	j.keep(t.source, piece)
}

// markMadeUp marks the hits whose checksum fails, and what a general rule finds
// in them.
func markMadeUp(hits []match.Hit) {
	for _, line := range match.ByLine(hits) {
		var secrets [][]byte
		for i := range line {
			if secret.MadeUp(line[i].Secret) {
				secrets = append(secrets, line[i].Secret)
			}
		}
		if len(secrets) == 0 {
			continue
		}
		within := match.Holding(secrets)
		for i := range line {
			if line[i].Suppressed == "" && within(line[i].Secret) {
				line[i].Suppressed = match.FailedChecksum
			}
		}
	}
}

// markPublicSums marks what the general rule takes for a secret in the list of
// modules that each Go program carries, beside a module whose name has a word
// like key or auth.
func markPublicSums(hits []match.Hit) {
	for i := range hits {
		if h := &hits[i]; h.Suppressed == "" && h.Rule == "generic-api-key" && secret.ModuleSum(h.Context, h.Secret) {
			h.Suppressed = match.PublicSum
		}
	}
}

// keep keeps what was found in a text. The caller holds j.mu.
func (j *job) keep(s source, piece *texts) {
	if s.kind == "" {
		j.files[s.path] = append(j.files[s.path], piece)
		return
	}
	j.objects[s.id] = append(j.objects[s.id], piece)
	j.kinds[s.id] = s.kind
}
