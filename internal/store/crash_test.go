package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// childEnv makes the test binary save snapshots for ever instead of testing.
const childEnv = "MUSTER_STORE_TEST_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		os.Exit(child(path))
	}
	os.Exit(m.Run())
}

// child saves and prunes until it is killed, and prints a line for each save.
func child(path string) int {
	s, err := Open(context.Background(), "sqlite:"+path, Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for n := 0; ; n++ {
		at := time.Now().UTC()
		m := Meta{StartedAt: at, FinishedAt: at, Sources: []string{"northwind"}}
		b := inventory.NewBuilder()
		for i := range 400 + n%50 {
			id := fmt.Sprintf("aws:robot-%d", i)
			text := "rests"
			if i%7 == n%7 {
				text = "moves"
			}
			err = errors.Join(err, b.Add(inventory.Record{Identity: &inventory.Identity{ID: id, Type: "aws.iam_user", Scope: scopeA, Name: id, Description: text}}))
		}
		_, saveErr := s.Save(context.Background(), m, b.Build(), []*inventory.Finding{finding(1, n, scopeA)})
		if err = errors.Join(err, saveErr); err == nil && n%5 == 4 {
			_, err = s.Prune(context.Background(), PruneOptions{Keep: 6})
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		fmt.Println("saved")
	}
}

// TestKilled kills a process that saves, again and again, at different moments.
// Afterwards the store opens, is whole, and so is each of its snapshots.
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "muster.db")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	rnd := newRandom(42)
	saves := 0
	for round := range 12 {
		cmd := exec.CommandContext(t.Context(), self)
		cmd.Env = append(os.Environ(), childEnv+"="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// The first rounds kill while the store is made, the others a random
		// time after a random number of saves.
		if round >= 3 {
			var b [6]byte
			for range 1 + rnd(6) {
				if _, err := out.Read(b[:]); err != nil {
					t.Fatalf("round %d: the child stopped: %v", round, err)
				}
			}
		}
		timer := time.NewTimer(time.Duration(rnd(30)) * time.Millisecond)
		<-timer.C
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		saves = check(t, path, round)
	}
	if saves == 0 {
		t.Error("no save was ever finished: the test shows nothing")
	}
}

// check opens the store after a kill and returns how many snapshots it has.
func check(t *testing.T, path string, round int) int {
	t.Helper()
	s, err := Open(t.Context(), "sqlite:"+path, Options{})
	if err != nil {
		t.Fatalf("round %d: %v", round, err)
	}
	defer s.Close()
	var verdict string
	if err := s.write.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Fatalf("round %d: integrity check: %s, %v", round, verdict, err)
	}
	list, err := s.List(t.Context())
	if err != nil {
		t.Fatalf("round %d: %v", round, err)
	}
	for _, e := range list {
		snap, err := s.Load(t.Context(), e.ID)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if n := len(snap.Inventory.Identities); n < 400 || n != e.Counts.Kinds[inventory.KindIdentity] {
			t.Fatalf("round %d: snapshot %s has %d identities", round, e.ID, n)
		}
	}
	return len(list)
}
