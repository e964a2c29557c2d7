package bench

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// BenchmarkPeers scans histories with muster, the floor and every peer that is
// at hand, in turns, and writes what each used and found as Markdown to standard
// output, or to the file that MUSTER_BENCH_OUT names. MUSTER_BENCH_REPOS lists repositories, separated
// like the parts of PATH; without it there are two, one made of Go modules and
// this one. MUSTER_PEERS names the directory of the peers, which .ci/peers fills. A peer
// that is not there is named in the table. MUSTER_BENCH_ROUNDS says how often
// each runs: else five times, three where the floor takes more than two seconds.
func BenchmarkPeers(b *testing.B) {
	program, rules := build(b), gitleaksRules(b)
	var out io.Writer = os.Stdout
	if name := os.Getenv("MUSTER_BENCH_OUT"); name != "" {
		f, err := os.Create(name)
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		out = f
	}
	for b.Loop() {
		for _, dir := range repositories(b) {
			if _, err := fmt.Fprint(out, contest(b, program, rules, dir).table()); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func repositories(b *testing.B) []string {
	b.Helper()
	if list := os.Getenv("MUSTER_BENCH_REPOS"); list != "" {
		return filepath.SplitList(list)
	}
	own := filepath.Join(b.TempDir(), "muster")
	root, err := filepath.Abs("../..")
	if err != nil {
		b.Fatal(err)
	}
	command(b, ".", "git", "clone", "--quiet", "--bare", "--no-hardlinks", "file://"+root, own)
	return []string{modulesRepository(b), own}
}

// A match is the outcome of all programs over one repository.
type match struct {
	name             string
	commits, objects int
	bytes            int64
	rounds           int
	entries          []*entry
}

type entry struct {
	peer
	absent string
	costs  []cost
	found  map[inventory.SecretHash]found
}

func contest(b *testing.B, program, rules, dir string) *match {
	b.Helper()
	m := &match{name: strings.TrimSuffix(filepath.Base(dir), ".git")}
	m.commits, _ = strconv.Atoi(strings.TrimSpace(string(command(b, dir, "git", "rev-list", "--all", "--count"))))
	for line := range strings.Lines(string(command(b, dir, "git", "cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objectsize)"))) {
		size, _ := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
		m.objects++
		m.bytes += size
	}
	for _, p := range peers() {
		e := &entry{peer: p, found: map[inventory.SecretHash]found{}}
		_, e.absent = p.where(program)
		m.entries = append(m.entries, e)
	}
	for m.rounds = 0; m.rounds < m.wanted(b); m.rounds++ {
		for _, e := range m.entries {
			e.run(b, program, rules, dir)
		}
	}
	return m
}

func (m *match) wanted(b *testing.B) int {
	b.Helper()
	if n, err := strconv.Atoi(os.Getenv("MUSTER_BENCH_ROUNDS")); err == nil {
		return n
	}
	if floor := m.entries[0].costs; len(floor) > 0 && floor[0].cpu > 2*time.Second {
		return 3
	}
	return 5
}

// run scans once, and reads what was found the first time.
func (e *entry) run(b *testing.B, program, rules, dir string) {
	b.Helper()
	if e.absent != "" {
		return
	}
	path, _ := e.where(program)
	report, stdout := filepath.Join(b.TempDir(), "report"), os.DevNull
	if e.stdout && e.read != nil {
		stdout = report
	}
	c, err := measureTree(b.Context(), b, e.ok, stdout, path, e.command(dir, report, rules)...)
	switch {
	case err != nil && (e.name == floorName || e.name == musterName):
		b.Fatal(err)
	case err != nil:
		b.Logf("%s: %v", e.name, err)
		e.absent = "it fails on this repository"
		return
	}
	fmt.Fprintf(os.Stderr, "%s: %s: %.2f CPU s, %.1f s, %.0f MB\n", filepath.Base(dir), e.name, c.cpu.Seconds(), c.wall.Seconds(), c.maxRSS)
	e.costs = append(e.costs, c)
	if len(e.costs) > 1 || e.read == nil {
		return
	}
	f, err := os.Open(report)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	err = e.read(f, func(one found) {
		if _, ok := e.found[one.hash]; !ok {
			e.found[one.hash] = one
		}
	})
	if err != nil {
		b.Fatalf("read what %s reports: %v", e.name, err)
	}
}

// of returns the least and the median of some figure of the runs.
func (e *entry) of(figure func(cost) float64) (least, median float64) {
	var all []float64
	for _, c := range e.costs {
		all = append(all, figure(c))
	}
	slices.Sort(all)
	return all[0], all[len(all)/2]
}

func cpuOf(c cost) float64  { return c.cpu.Seconds() }
func wallOf(c cost) float64 { return c.wall.Seconds() }
func peakOf(c cost) float64 { return c.maxRSS }

// table writes the outcome: figures first, then what muster does not find.
func (m *match) table() string {
	var s strings.Builder
	fmt.Fprintf(&s, "### %s: %d commits, %d objects, %.2f GB expanded; %d runs each, in turns\n\n", m.name, m.commits, m.objects, float64(m.bytes)/1e9, m.rounds)
	s.WriteString("| | CPU s, least | median | s, median | peak MB | to the floor | to muster | secrets | muster has | muster lacks |\n|---|---|---|---|---|---|---|---|---|---|\n")
	floor, _ := m.entries[0].of(cpuOf)
	own, _ := m.entries[1].of(cpuOf)
	var lacks []string
	for _, e := range m.entries {
		if e.absent != "" {
			fmt.Fprintf(&s, "| %s | absent: %s ||||||||||\n", e.name, e.absent)
			continue
		}
		least, median := e.of(cpuOf)
		_, wall := e.of(wallOf)
		_, peak := e.of(peakOf)
		fmt.Fprintf(&s, "| %s | %.2f | %.2f | %.1f | %.0f | %.1f | %.1f | ", e.name, least, median, wall, peak, least/floor, least/own)
		if e.read == nil {
			s.WriteString(" | | |\n")
			continue
		}
		missed := e.without(m.entries[1])
		fmt.Fprintf(&s, "%d | %d | %d |\n", len(e.found), len(e.found)-len(missed), len(missed))
		if e.same {
			for _, l := range missed {
				lacks = append(lacks, fmt.Sprintf("- %s: %s in %s", e.name, l.rule, l.place))
			}
		}
	}
	if len(lacks) > 0 {
		fmt.Fprintf(&s, "\nFound by programs with gitleaks' rules and not by muster:\n\n%s\n", strings.Join(lacks, "\n"))
	}
	return s.String() + "\n"
}

// without returns what another program did not find, by rule and place.
func (e *entry) without(other *entry) []found {
	var out []found
	for hash, f := range e.found {
		if _, ok := other.found[hash]; !ok {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.rule, b.rule), cmp.Compare(a.place, b.place), cmp.Compare(a.hash, b.hash))
	})
	return out
}
