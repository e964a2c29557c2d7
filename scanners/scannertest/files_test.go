package scannertest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
)

// cards is a scanner without network: one identity for each file of a
// directory, by its first line.
type cards struct{ dir, flaw string }

type cardsConfig struct {
	Dir string `yaml:"dir" json:"dir"`
}

func cardsFactory(flaw string) scanners.Factory {
	return scanners.Define(
		scanners.Info{Name: "cards", Title: "Bots on cards", Argument: "dir", Kinds: []inventory.Kind{inventory.KindIdentity}},
		cardsConfig{},
		func(_ scanners.Env, c cardsConfig) (scanners.Scanner, error) { return cards{c.Dir, flaw}, nil },
	)
}

// Scan lists the cards.
func (s cards) Scan(ctx context.Context, emit scanners.Emit) error {
	files, err := os.ReadDir(s.dir)
	if err != nil {
		return fmt.Errorf("cards: %w", err)
	}
	seen := &inventory.Coverage{Scanner: "cards", Scope: "box", Kind: inventory.KindIdentity, Status: inventory.StatusComplete}
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		text, err := os.ReadFile(filepath.Join(s.dir, f.Name()))
		if err == nil && !strings.HasPrefix(string(text), "bot ") {
			err = errors.New("not a card")
		}
		switch {
		case err == nil:
		case s.flaw == "hides an unreadable file":
			continue
		case s.flaw == "gives up at an unreadable file":
			return err
		case s.flaw == "drops everything for an unreadable file":
			seen.Count, seen.Status, seen.Reason = 0, inventory.StatusPartial, err.Error()
			return emit(inventory.Record{Coverage: seen})
		case s.flaw == "secret in the reason":
			lose(seen, f.Name()+": "+string(text))
			continue
		default:
			lose(seen, f.Name()+": "+err.Error())
			continue
		}
		if err := emit(inventory.Record{Identity: &inventory.Identity{ID: "cards:" + f.Name(), Type: "cards.bot", Scope: "box"}}); err != nil {
			return err
		}
		seen.Count++
	}
	return emit(inventory.Record{Coverage: seen})
}

func cardsSuite(t *testing.T, flaw string) Suite {
	t.Helper()
	write := func(dir string, texts ...string) (map[string]any, error) {
		var err error
		for i, text := range texts {
			err = cmp.Or(err, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.txt", i)), []byte(text), 0o600))
		}
		return map[string]any{"dir": dir}, err
	}
	config, err := write(t.TempDir(), "bot a", "bot b")
	if err != nil {
		t.Fatal(err)
	}
	s := Suite{
		Factory: cardsFactory(flaw), Config: config, Golden: "testdata/cards.jsonl", Canaries: []string{keyCanary()},
		Faults: []Fault{
			{
				Name: "a torn card", Lost: []inventory.Kind{inventory.KindIdentity}, Kept: 1,
				Config: func(dir string) (map[string]any, error) { return write(dir, keyCanary(), "bot b") },
			},
			{
				Name: "a box that is not there", Refused: true,
				Config: func(dir string) (map[string]any, error) { return map[string]any{"dir": filepath.Join(dir, "x")}, nil },
			},
		},
	}
	if flaw == "shows no faults" {
		s.Faults = nil
	}
	return s
}

func TestReferenceWithoutNetwork(t *testing.T) { Run(t, cardsSuite(t, "")) }

func TestMutantsWithoutNetworkAreCaught(t *testing.T) {
	for flaw, says := range map[string]string{
		"shows no faults":                         "Suite.Faults is empty",
		"hides an unreadable file":                "no coverage of identity says that something is missing",
		"gives up at an unreadable file":          "and an error is expected: false",
		"drops everything for an unreadable file": "emits 0 records, want at least 1",
		"secret in the reason":                    "a coverage record holds a secret",
	} {
		t.Run(flaw, func(t *testing.T) {
			suite := cardsSuite(t, flaw)
			got := &recorder{dir: t.TempDir()}
			checkFaults(got, &suite)
			all := strings.Join(got.failures, "\n")
			if !strings.Contains(all, says) {
				t.Errorf("the check does not say %q, but:\n%s", says, all)
			}
			if strings.Contains(all, keyCanary()) {
				t.Error("a failure shows the canary")
			}
		})
	}
}
