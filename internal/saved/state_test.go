package saved

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

type work struct {
	Stamp
	Read string
}

func TestState(t *testing.T) {
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	state := func(dir string) State {
		return State{Dir: filepath.Join(dir, "state"), Format: 1, Choice: []any{"a", true}, MaxAge: time.Hour, Now: func() time.Time { return at }}
	}
	for _, c := range []struct {
		name   string
		change func(s *State, path string) error
		age    time.Duration
		ok     bool
		want   string // the error
	}{
		{"at once", func(*State, string) error { return nil }, 0, true, ""},
		{"later", func(s *State, _ string) error { s.Now = after(at, time.Hour); return nil }, time.Hour, true, ""},
		{"too late", func(s *State, _ string) error { s.Now = after(at, time.Hour+1); return nil }, time.Hour + 1, false, ""},
		{"too early", func(s *State, _ string) error { s.Now = after(at, -1); return nil }, -1, false, ""},
		{"another choice", func(s *State, _ string) error { s.Choice = []any{"a", false}; return nil }, 0, false, ""},
		{"another format", func(s *State, _ string) error { s.Format = 2; return nil }, 0, false, "is damaged and was not used"},
		{"nowhere", func(s *State, _ string) error { s.Dir = ""; return nil }, 0, false, ""},
		{"gone", func(_ *State, path string) error { return os.Remove(path) }, 0, false, ""},
		{"cut", func(_ *State, path string) error { return os.Truncate(path, 9) }, 0, false, "is damaged and was not used"},
		{"another's", func(_ *State, path string) error { return os.WriteFile(path, []byte(`{"Format":1,"Read":"y"}`), 0o600) }, 0, false, "is damaged and was not used"},
		{"a folder", func(_ *State, path string) error {
			if err := os.Remove(path); err != nil {
				return err
			}
			return os.Mkdir(path, 0o700)
		}, 0, false, "cannot be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			s := state(dir)
			if err := s.Save("x.json", &work{Read: "x"}); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(s.Dir, "x.json")
			if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
				t.Errorf("others may read it: %v %v", info.Mode(), err)
			}
			if err := c.change(&s, path); err != nil {
				t.Fatal(err)
			}
			var got work
			age, ok, err := s.Load("x.json", &got, func() bool { return got.Read == "x" })
			if age != c.age || ok != c.ok || err == nil != (c.want == "") || err != nil && err.Error() != c.want {
				t.Errorf("it is %s, %t, %v", age, ok, err)
			}
		})
	}
}

func after(at time.Time, d time.Duration) func() time.Time {
	return func() time.Time { return at.Add(d) }
}

// TestStateKeepsItsAge keeps more of what was begun earlier, and leaves nothing
// behind.
func TestStateKeepsItsAge(t *testing.T) {
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	s := State{Dir: t.TempDir(), MaxAge: time.Hour, Now: func() time.Time { return at }}
	if err := s.Save("x.json", &work{Stamp: Stamp{Made: at.Add(-time.Minute)}}); err != nil {
		t.Fatal(err)
	}
	var got work
	if age, ok, err := s.Load("x.json", &got, func() bool { return true }); age != time.Minute || !ok || err != nil {
		t.Errorf("it is %s, %t, %v", age, ok, err)
	}
	for range 2 {
		if err := s.Remove("x.json"); err != nil {
			t.Error(err)
		}
	}
	if left, err := os.ReadDir(s.Dir); err != nil || len(left) > 0 {
		t.Errorf("%v is left: %v", left, err)
	}
	if err := os.WriteFile(filepath.Join(s.Dir, "f"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.Dir = filepath.Join(s.Dir, "f")
	if err := s.Save("x.json", &work{}); err == nil || !strings.HasPrefix(err.Error(), "make the folder of the state: ") {
		t.Errorf("in a file it says %v", err)
	}
}
