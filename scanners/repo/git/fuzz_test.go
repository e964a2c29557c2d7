package git

import (
	"bytes"
	"strings"
	"testing"
)

// FuzzLog gives the log's reader what git might print of a hostile repository.
func FuzzLog(f *testing.F) {
	id := strings.Repeat("a", 40)
	f.Add([]byte("\x01" + id + "\x00" + id + "\x00Ada <a@b>\x001700000000\x00Bob <b@b>\x001700000001\x00\n:100644 100644 " + id + " " + id + " M\x00a/b\x00"))
	f.Add([]byte("\x01" + id + "\x00\x00\x00\x00\x00\x00::1 1 1 " + id + " " + id + " " + id + " MM\x00p\x00\x00"))
	f.Fuzz(func(t *testing.T, out []byte) {
		_ = readLog(bytes.NewReader(out), nil, func(c Change) error {
			if c.Commit == nil || len(c.From) == 0 {
				t.Fatal("a change without commit or parent")
			}
			return nil
		})
	})
}

// FuzzObjects gives the readers of object lists and file lists arbitrary bytes.
func FuzzObjects(f *testing.F) {
	id := strings.Repeat("b", 40)
	f.Add([]byte(id + " blob 12\n" + id + " missing\n"))
	f.Add([]byte("100644 " + id + " 0\ta b\x00"))
	f.Fuzz(func(t *testing.T, out []byte) {
		_ = headers(bytes.NewReader(out), func(o Object) error {
			if o.Size < 0 {
				t.Fatal("a negative size")
			}
			return nil
		})
		_ = entries(bytes.NewReader(out), func(meta [][]byte) (mode, id []byte) {
			if len(meta) != 3 {
				return nil, nil
			}
			return meta[0], meta[1]
		}, func(Entry) error { return nil })
	})
}
