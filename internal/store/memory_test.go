package store

import (
	"bytes"
	"path/filepath"
	"sync"
	"testing"
)

func TestMemory(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "muster.db")
	open := func(opts Options) *Store {
		t.Helper()
		s, err := Open(t.Context(), url, opts)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	want := func(m *Memory, key, text string) {
		t.Helper()
		got, err := m.Load(t.Context(), key)
		if err != nil || string(got) != text {
			t.Errorf("%s: got %d bytes %v, want %q", key, len(got), err, text)
		}
	}
	s := open(Options{})
	m := s.Memory("one")
	want(m, "a", "")
	for _, text := range []string{"first", "second"} {
		if err := m.Save(t.Context(), "a", []byte(text)); err != nil {
			t.Fatal(err)
		}
		want(m, "a", text)
	}
	want(m, "b", "")
	want(s.Memory("two"), "a", "")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	read := open(Options{ReadOnly: true}).Memory("one")
	want(read, "a", "second")
	if err := read.Save(t.Context(), "a", nil); err == nil {
		t.Error("what was opened for reading was written to")
	}
	if err := open(Options{}).Memory("two").Save(t.Context(), "a", make([]byte, 129<<20)); err == nil {
		t.Error("129 MB were kept")
	}
}

// What was written longest ago is dropped when there is too much.
func TestMemoryIsBounded(t *testing.T) {
	s, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "muster.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m := s.Memory("one")
	m.most = 100
	for _, key := range []string{"a", "b", "a", "c"} {
		if err := m.Save(t.Context(), key, bytes.Repeat([]byte(key), 40)); err != nil {
			t.Fatal(err)
		}
	}
	for key, there := range map[string]bool{"a": true, "b": false, "c": true} {
		if got, err := m.Load(t.Context(), key); err != nil || (got != nil) != there {
			t.Errorf("%s: %d bytes, %v", key, len(got), err)
		}
	}
}

func TestMemoryAtOnce(t *testing.T) {
	s, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "muster.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var group sync.WaitGroup
	for n := range 4 {
		group.Go(func() {
			m := s.Memory("one")
			for range 5 {
				if err := m.Save(t.Context(), "a", bytes.Repeat([]byte{byte(n)}, 1000)); err != nil {
					t.Error(err)
				}
				if got, err := m.Load(t.Context(), "a"); err != nil || len(got) != 1000 || len(bytes.Trim(got, string(got[:1]))) != 0 {
					t.Errorf("%d bytes, %v", len(got), err)
				}
			}
		})
	}
	group.Wait()
}
