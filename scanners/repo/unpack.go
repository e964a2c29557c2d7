package repo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/scanners/repo/archive"
	"github.com/muster-nhi/muster/scanners/repo/match"
)

const (
	defaultArchives     = 4       // archives in one another: a jar in a jar in a layer of an image
	defaultArchiveBytes = 2 << 30 // unpacked from one archive
	unpackFree          = 16 << 30
	unpackRatio         = 20 // bytes unpacked in a scope for each byte of archives, beyond unpackFree
)

// unpack matches what is in an archive, and returns whether anything was found
// in it, and what it adds to the account.
func (p *pool) unpack(m *matcher, s source, src archive.Source) (found bool, o opened, err error) {
	j := p.job
	depth := j.scan.config.Archives
	if depth == 0 {
		j.countArchive()
		return false, opened{closed: 1}, nil
	}
	if j.unpacked.Load() > unpackFree+unpackRatio*j.packed.Add(src.Size) {
		j.skip("archives, as all archives together are too large when unpacked")
		j.spoil(s)
		return false, o, nil
	}
	limits := archive.Defaults()
	limits.Depth, limits.Bytes = depth, j.scan.config.ArchiveBytes
	var data []byte
	report, err := archive.Walk(j.ctx, src, limits, func(f archive.Member) error {
		if first := firstMember(f.Path); first != "" && !isOffice(first) && j.rules.SkipsPath(first) {
			return nil
		}
		var err error
		data, err = p.member(m, s, f, data[:0])
		return err
	})
	j.unpacked.Add(report.Bytes)
	if err != nil {
		return false, o, fmt.Errorf("read archive: %w", err)
	}
	j.leave(s, report)
	if report.Members == 0 && report.Left[archive.Damaged] > 0 && src.At != nil && src.Size <= chunkSize {
		p.raw(m, s, src) // it may only look like an archive
	}
	return j.holdsAny(s), opened{packed: src.Size, unpacked: report.Bytes, left: report.Left}, nil
}

// holdsAny reports whether anything was found in an object.
func (j *job) holdsAny(s source) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.objects[s.id]) > 0
}

// member matches one member. It returns memory to be used again.
func (p *pool) member(m *matcher, s source, f archive.Member, data []byte) ([]byte, error) {
	s.inner, s.format = f.Path, f.Format
	buffer := bytes.NewBuffer(data)
	n, err := buffer.ReadFrom(io.LimitReader(f.Reader, chunkSize+1))
	if err != nil {
		return nil, fmt.Errorf("read member: %w", err)
	}
	data = buffer.Bytes()
	do := func(t text) { p.do(m, t) }
	if n > chunkSize {
		return data, p.pieces(s, io.MultiReader(bytes.NewReader(data), f.Reader), math.MaxInt64, do)
	}
	for _, rule := range p.job.rules.PathRules(archive.Separator + s.inner) {
		p.job.collectKey(s, rule, data)
	}
	if t := p.whole(s, data, func(data []byte) []byte { return data }); len(t.data) > 0 && !t.packed {
		do(t)
	}
	return data, nil
}

// raw matches an archive that could not be opened as it is.
func (p *pool) raw(m *matcher, s source, src archive.Source) {
	data := make([]byte, src.Size)
	if _, err := src.At.ReadAt(data, 0); err != nil && !errors.Is(err, io.EOF) {
		return // it was read before: the file has shrunk
	}
	t := text{source: s, data: binaryText.read(data), first: 1}
	p.job.collect(t, m.match(t.data))
}

// collectKey keeps a member that is a key as a whole.
func (j *job) collectKey(s source, rule string, content []byte) {
	o := occurrence{hash: j.scan.env.Hash(content), rule: rule, inner: s.inner, format: s.format}
	d := j.describe(s, &match.Hit{Rule: rule, Secret: content}, o)
	j.mu.Lock()
	defer j.mu.Unlock()
	o.info = j.tells.note(d, nil)
	j.remember(o, d)
	j.keep(s, &texts{occurrences: []occurrence{o}, inner: s.inner, key: true})
}

// leave notes what of an archive was not read. What a limit cut off was asked
// for and not seen; what nobody can open, or not without a password, is only
// told of.
func (j *job) leave(s source, report archive.Report) {
	if report.Left[archive.TooSlow] > 0 {
		j.spoil(s) // it may go faster the next time
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.leaveAs(report)
}

// leaveAs is leave for a caller that holds j.mu.
func (j *job) leaveAs(report archive.Report) {
	for _, why := range report.Reasons() {
		if why.Capped() {
			j.miss(cutReason + string(why))
			continue
		}
		if j.unopened == nil {
			j.unopened = map[archive.Reason]int{}
		}
		j.unopened[why] += report.Left[why]
	}
}

// noteArchives tells what was not opened.
func (j *job) noteArchives() {
	if j.archives > 0 {
		j.notef("%d archives or compressed files were not opened", j.archives)
	}
	var parts []string
	total := 0
	for why, n := range j.unopened {
		parts = append(parts, fmt.Sprintf("%d %s", n, why))
		total += n
	}
	if total > 0 {
		slices.Sort(parts)
		j.notef("%d archives or members of archives were not read, or not to the end: %s", total, strings.Join(parts, ", "))
	}
}

// leftOut judges a member by the paths around it, as gitleaks does before it
// looks into an archive: that of the archive, and that in the outermost one.
// gitleaks leaves office files out as they are no text; unpacked they are.
func (j *job) leftOut(name, inner, commit string) string {
	verdict := ""
	if !isOffice(name) {
		verdict = j.rules.LeftOut(name, commit)
	}
	if first := firstMember(inner); verdict == "" && !isOffice(first) {
		verdict = j.rules.LeftOut(first, commit)
	}
	return verdict
}

func firstMember(inner string) string {
	first, _, _ := strings.Cut(inner, archive.Separator)
	return first
}

func isOffice(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".docx", ".xlsx":
		return true
	}
	return false
}

// memberPath is the path of a member as gitleaks writes it.
func memberPath(path, inner string) string {
	if inner == "" {
		return path
	}
	return path + archive.Separator + inner
}

// unpacked tells how a text lay in an archive.
func (o occurrence) unpacked() string {
	switch {
	case o.inner != "":
		return "archive member " + uri(o.inner)
	case o.format != archive.None:
		return "decompressed " + string(o.format)
	default:
		return ""
	}
}
