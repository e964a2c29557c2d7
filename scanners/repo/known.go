package repo

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/repo/archive"
	"github.com/muster-nhi/muster/scanners/repo/git"
)

const (
	nameSize = 20
	// maxKnown bounds what is remembered of one repository: 80 MB. What is beyond
	// is read again in each scan.
	maxKnown = 4 << 20
	saveStep = time.Minute // between two savings of one scan
)

// A known is the set of objects of a repository in which nothing was found: not
// even what is suppressed. Only objects that were seen as a whole, whose content
// has the name it goes by, are in it, so that it does not matter where they were
// seen; archives, large objects and what could not be read never are. Its
// methods are safe for concurrent use, and do nothing for nil.
//
// Kept are the names, sorted; no secret and no hash of one.
type known struct {
	memory scanners.Memory
	key    string
	place  [sha256.Size]byte // names the store of objects
	digest [sha256.Size]byte // of all that decides what is found in an object
	now    func() time.Time
	log    *slog.Logger
	shared *shared // what other repositories of this run know
	told   bool    // they know old

	mu    sync.Mutex
	old   []byte   // names
	kept  []uint64 // which of them were met, a bit each
	fresh [][nameSize]byte
	saved time.Time
	since int // fresh names that are saved already
}

// recall reads what earlier scans of the repository left.
func (j *job) recall() {
	memory := j.scan.env.Memory
	if !j.scan.config.History {
		return
	}
	if memory == nil {
		if !j.run.several() {
			return
		}
		memory = forgetful{} // what is learned is for the others of this run
	}
	place := sha256.Sum256([]byte(j.repo.Store()))
	k := &known{
		memory: memory, key: "repo/objects/" + hex.EncodeToString(place[:]), place: place, digest: j.outcome(),
		now: j.scan.env.Now, log: j.scan.env.Log, saved: j.scan.env.Now(), shared: j.run.shared,
	}
	j.known = k
	if j.scan.config.Rescan != rescanFull {
		k.load(j.ctx)
		if k.told = j.run.several(); k.told {
			k.shared.add(k.digest, k.old)
		}
	}
	j.recallFindings()
	if j.scan.env.Memory != nil {
		j.past = newPast(j)
	}
}

// outcome is a hash of all that decides what is found in an object, besides its
// bytes and the program: what another build remembered is never loaded.
func (j *job) outcome() [sha256.Size]byte {
	rules := j.rules.Digest()
	c := j.scan.config
	return sha256.Sum256(fmt.Appendf(nil, "rules %x\nmax_file_size %d\narchives %d %d\nhash %s\n",
		rules, c.MaxFileSize, c.Archives, c.ArchiveBytes, j.scan.env.Hash([]byte("which key is it?"))))
}

// errForgotten says that what is remembered cannot be used.
var errForgotten = errors.New("it is damaged")

func (k *known) load(ctx context.Context) {
	data, err := k.memory.Load(ctx, k.key)
	if err == nil && data != nil {
		k.old, err = openNames(data, k.digest)
	}
	if err != nil {
		k.log.Warn("what an earlier scan remembered is not used", "error", err)
	}
	k.kept = make([]uint64, len(k.old)/nameSize/64+1)
}

// openNames returns the names that were remembered under a digest; none if it
// was another.
func openNames(data []byte, digest [sha256.Size]byte) ([]byte, error) {
	body, err := unseal(data, digest)
	if err != nil || len(body) == 0 {
		return nil, err
	}
	if len(body)%nameSize != 0 {
		return nil, errForgotten
	}
	for at := nameSize; at < len(body); at += nameSize {
		if bytes.Compare(body[at-nameSize:at], body[at:at+nameSize]) >= 0 {
			return nil, errForgotten
		}
	}
	return body, nil
}

// seal makes of a body what is kept: a checksum, what it was made under, and the
// body.
func seal(body []byte, digest [sha256.Size]byte) []byte {
	out := make([]byte, sha256.Size, 2*sha256.Size+len(body))
	out = append(append(out, digest[:]...), body...)
	sum := sha256.Sum256(out[sha256.Size:])
	copy(out, sum[:])
	return out
}

// unseal returns the body; nothing if it was made under something else.
func unseal(data []byte, digest [sha256.Size]byte) ([]byte, error) {
	if len(data) < 2*sha256.Size || sha256.Sum256(data[sha256.Size:]) != [sha256.Size]byte(data) {
		return nil, errForgotten
	}
	if [sha256.Size]byte(data[sha256.Size:]) != digest {
		return nil, nil
	}
	return data[2*sha256.Size:], nil
}

// has reports whether it is known that nothing is in an object.
func (k *known) has(id git.ID) bool {
	if k == nil {
		return false
	}
	name, ok := id.SHA1()
	if !ok {
		return false
	}
	i, ok := findName(k.old, name)
	if !ok {
		return k.shared.has(k.digest, name)
	}
	k.mu.Lock()
	k.kept[i/64] |= 1 << (i % 64)
	k.mu.Unlock()
	return true
}

// proves reports whether data is all of the object that it is said to be, and
// whether anybody wants to know. A member of an archive never is.
func (k *known) proves(s source, data []byte) bool {
	return k != nil && s.kind != "" && s.inner == "" && s.format == archive.None && sameObject(s.kind, data, s.id)
}

// add remembers that nothing is in an object.
func (k *known) add(id git.ID) {
	name, ok := id.SHA1()
	if k == nil || !ok {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.old)/nameSize+len(k.fresh) < maxKnown {
		k.fresh = append(k.fresh, name)
	}
}

// saveSome saves what is known now and then, so that a scan that is killed was
// not for nothing.
func (j *job) saveSome() {
	if j.known.due() {
		j.known.save(j.ctx, false)
		j.saveFindings(j.ctx, false)
	}
}

func (k *known) due() bool {
	if k == nil {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	due := k.now().Sub(k.saved) >= saveStep
	if due {
		k.saved = k.now()
	}
	return due
}

// save keeps what is known. After a whole scan what was not met is forgotten:
// the repository does not have it any more. Also a scan that was stopped saves.
func (k *known) save(ctx context.Context, whole bool) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.saved = k.now()
	if kept := k.count(whole); k.since == len(k.fresh) && kept == len(k.old)/nameSize {
		return // nothing is new, and nothing is gone
	}
	if err := k.memory.Save(context.WithoutCancel(ctx), k.key, seal(k.names(whole), k.digest)); err != nil {
		k.log.Warn("what was scanned is not remembered", "error", err)
		return
	}
	k.since = len(k.fresh)
}

// stays reports whether an old name is kept on.
func (k *known) stays(i int, whole bool) bool { return !whole || k.kept[i/64]>>(i%64)&1 != 0 }

// count returns how many old names are kept on.
func (k *known) count(whole bool) (n int) {
	for i := range len(k.old) / nameSize {
		if k.stays(i, whole) {
			n++
		}
	}
	return n
}

// untold returns what the other repositories of this run are to know yet, as
// sorted lists of names, each once.
func (k *known) untold() [][]byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	var fresh []byte
	for _, name := range k.sorted() {
		fresh = append(fresh, name[:]...)
	}
	if k.told {
		return [][]byte{fresh}
	}
	k.told = true
	return [][]byte{k.old, fresh}
}

// sorted returns the fresh names, sorted, each once. The caller holds k.mu.
func (k *known) sorted() [][nameSize]byte {
	slices.SortFunc(k.fresh, func(a, b [nameSize]byte) int {
		return cmp.Or(cmp.Compare(binary.BigEndian.Uint64(a[:]), binary.BigEndian.Uint64(b[:])), bytes.Compare(a[:], b[:]))
	})
	k.fresh = slices.Compact(k.fresh)
	return k.fresh
}

// names returns what is to be remembered, sorted, each once. The caller holds
// k.mu.
func (k *known) names(whole bool) []byte {
	fresh := k.sorted()
	out := make([]byte, 0, len(k.old)+nameSize*len(fresh))
	for i := range len(k.old) / nameSize {
		if !k.stays(i, whole) {
			continue
		}
		old := [nameSize]byte(k.old[i*nameSize:])
		for len(fresh) > 0 && bytes.Compare(fresh[0][:], old[:]) < 0 {
			out = append(out, fresh[0][:]...)
			fresh = fresh[1:]
		}
		if len(fresh) > 0 && fresh[0] == old {
			fresh = fresh[1:]
		}
		out = append(out, old[:]...)
	}
	for _, name := range fresh {
		out = append(out, name[:]...)
	}
	return out
}
