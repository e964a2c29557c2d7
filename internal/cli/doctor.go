package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-nhi/muster/internal/store"
	"github.com/muster-nhi/muster/scanners/all"
	"github.com/muster-nhi/muster/scanners/repo/git"
)

// A check is one thing that doctor looked at.
type check struct {
	Name   string `json:"name"`
	Status string `json:"status"` // ok, warn, fail
	Detail string `json:"detail"`
}

func (a *app) doctorCommand(s *setting) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "doctor [SOURCE]...", Short: "what is reachable from here, as whom, and what is missing",
		Long: `Look at what muster needs: git, the configuration, the rules, the store and the
key with their modes, the clock, the terminal, and what each scanner reaches.
Nothing is scanned, and nothing is sent but where a SOURCE is named: aws[:PROFILE],
gcp[:TARGET] and azure[:TENANT] ask as whom they would read, and try some calls to see
what is refused. A SOURCE of the configuration, by its name there or as it is written
there, is asked with what is set there.
Exit status 1 if something is broken, 0 with warnings.`,
		Example: "  muster doctor\n  muster doctor aws:audit\n  muster doctor gcp:northwind-prod\n  muster doctor azure:northwind.example",
		RunE: func(c *cobra.Command, args []string) error {
			list := a.examine(c.Context(), s)
			for _, source := range args {
				list = append(list, a.ask(c.Context(), s, source)...)
			}
			bad := false
			for _, x := range list {
				bad = bad || x.Status == "fail"
			}
			err := a.print(func(w io.Writer) error {
				if asJSON {
					return writeJSON(w, list)
				}
				for _, x := range list {
					first, more, _ := strings.Cut(x.Detail, "\n")
					fmt.Fprintf(w, "%-5s %-16s %s\n", x.Status, x.Name, visible(first))
					for line := range strings.Lines(more) {
						fmt.Fprintf(w, "%22s %s\n", "", visible(strings.TrimRight(line, "\n")))
					}
				}
				return nil
			})
			if err == nil && bad {
				return &exitError{code: exitFindings}
			}
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return c
}

// examine makes all checks. What one of them finds broken does not keep the
// others from being made.
func (a *app) examine(ctx context.Context, s *setting) []check {
	t := a.tool()
	out := []check{{"muster", "ok", fmt.Sprintf("%s, %s %s/%s", t.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)}, checkGit(ctx)}
	if err := a.settle(s); err != nil {
		return append(out, check{"configuration", "fail", err.Error()}, a.checkClock())
	}
	name := s.file.Name()
	if name == "" {
		name = "none; the defaults hold"
	}
	out = append(out, check{"configuration", "ok", name})
	if j, err := newJudge(s); err != nil {
		out = append(out, check{"rules", "fail", err.Error()})
	} else {
		out = append(out, check{"rules", "ok", fmt.Sprintf("%s, %s, ruleset %.12s", plural(len(j.engine.Rules()), "rule"), plural(len(j.library.Controls), "control"), j.engine.Hash())})
	}
	out = append(out, a.checkStore(ctx, s)...)
	out = append(out, a.checkClock(), a.checkTerminal())
	return append(out, a.checkScanners(s)...)
}

func checkGit(ctx context.Context) check {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	v, err := git.Version(ctx)
	if err != nil {
		return check{"git", "warn", fmt.Sprintf("%v; without git the history of repositories cannot be read, plain directories can", err)}
	}
	return check{"git", "ok", v}
}

// checkStore looks at the store and the key beside it.
func (a *app) checkStore(ctx context.Context, s *setting) []check {
	p, err := a.place(s)
	if err != nil {
		return []check{{"store", "fail", err.Error()}}
	}
	out := []check{a.checkKey(p)}
	if p.url == "" {
		return append(out, check{"store", "ok", "none: nothing is kept"})
	}
	st, err := store.Open(ctx, p.url, store.Options{ReadOnly: true})
	switch {
	case errors.Is(err, store.ErrNoStore):
		return append(out, check{"store", "ok", p.file + " will be made by the first scan"})
	case err != nil:
		return append(out, check{"store", "fail", err.Error()})
	}
	defer st.Close() //nolint:errcheck // it was read only
	list, err := st.List(ctx)
	if err != nil {
		return append(out, check{"store", "fail", err.Error()})
	}
	out = append(out, check{"store", "ok", fmt.Sprintf("%s, %s", p.file, plural(len(list), "snapshot"))})
	if c, bad := openMode("store", p.file); bad {
		out = append(out, c)
	}
	return out
}

func (a *app) checkKey(p storePlace) check {
	if v := a.Getenv("MUSTER_KEY"); v != "" {
		if _, err := parseKey(v); err != nil {
			return check{"key", "fail", err.Error()}
		}
		return check{"key", "ok", "from the environment variable MUSTER_KEY"}
	}
	if p.keyFile == "" {
		return check{"key", "ok", "made anew for each run: hashes of secrets cannot be compared between runs"}
	}
	if _, err := readKey(p.keyFile); errors.Is(err, os.ErrNotExist) {
		return check{"key", "ok", p.keyFile + " will be made by the first scan"}
	} else if err != nil {
		return check{"key", "fail", err.Error()}
	}
	if c, bad := openMode("key", p.keyFile); bad {
		return c
	}
	return check{"key", "ok", p.keyFile}
}

// openMode warns of a file, or its directory, that others can read or change.
func openMode(name, file string) (check, bool) {
	if runtime.GOOS == "windows" {
		return check{}, false
	}
	info, err := os.Stat(file)
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		return check{name, "warn", fmt.Sprintf("%s can be read by others (mode %04o); chmod 600 %s", file, info.Mode().Perm(), file)}, true
	}
	dir := filepath.Dir(file)
	info, err = os.Stat(dir)
	if err == nil && info.Mode().Perm()&0o022 != 0 && info.Mode()&os.ModeSticky == 0 {
		return check{name, "warn", fmt.Sprintf("others can write to its directory %s (mode %04o); chmod 700 %s", dir, info.Mode().Perm(), dir)}, true
	}
	return check{}, false
}

// oldest is a date that is past for sure: the clock is wrong before it.
func oldest() time.Time { return time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC) }

func (a *app) checkClock() check {
	now := a.Now().UTC()
	if now.Before(oldest()) || now.After(oldest().AddDate(30, 0, 0)) {
		return check{"clock", "warn", fmt.Sprintf("it says %s, which cannot be; ages would be wrong", now.Format(time.RFC3339))}
	}
	return check{"clock", "ok", now.Format(time.RFC3339)}
}

func (a *app) checkTerminal() check {
	width, ok := a.Terminal(a.Stdout)
	if !ok {
		return check{"terminal", "ok", "standard output is not one: plain text, no colours"}
	}
	return check{"terminal", "ok", fmt.Sprintf("%d columns", width)}
}

// checkScanners says what each scanner would reach from here.
func (a *app) checkScanners(s *setting) []check {
	found := map[string]sighting{}
	for _, x := range a.sightings() {
		found[x.scanner] = x
	}
	var out []check
	for _, f := range all.Factories() {
		info := f.Info()
		if info.Name == "kubernetes" {
			x, seen := found[info.Name]
			out = append(out, a.checkCluster(x, seen))
			continue
		}
		if none := noCredentials(info.Name); none != "" {
			x, seen := found[info.Name]
			out = append(out, a.checkCloud(info, none, x, seen))
			continue
		}
		detail := "ready; names what to read: " + sourceForm(info)
		if x, ok := found[info.Name]; ok {
			detail = fmt.Sprintf("ready; %s: %s (muster scan %s)", x.what, x.where, x.source)
		}
		out = append(out, check{"scanner " + info.Name, "ok", detail})
	}
	if _, err := a.targets(s, nil); err != nil {
		out = append(out, check{"sources", "fail", err.Error()})
	}
	return out
}
