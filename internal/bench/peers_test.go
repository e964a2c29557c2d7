package bench

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zricethezav/gitleaks/v8/config"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A peer is a program that looks for the secrets of a history.
type peer struct {
	name    string
	program string   // its file in the directory of peers; empty if it is always here
	ok      []int    // exit statuses of a whole scan
	args    []string // DIR, OUT and RULES stand for the repository, the report and gitleaks' rules
	stdout  bool     // the report comes on standard output
	read    func(r io.Reader, each func(found)) error
	same    bool // it has gitleaks' rules: what it finds is expected of muster
}

// found is one place of a secret as a program tells it. The value is hashed as
// soon as it is read.
type found struct {
	hash        inventory.SecretHash
	rule, place string
}

// benchKey is the installation's key of the runs, so that hashes can be
// compared.
func benchKey() [32]byte { return [32]byte{9} }

const floorName, musterName = "git cat-file, discarded", "muster"

// peers lists what is measured, the floor and muster first.
func peers() []peer {
	gitleaks := []string{"git", "--no-banner", "--exit-code=0", "--log-level=error", "--log-opts=--all", "--report-format=json", "--report-path=OUT", "DIR"}
	return []peer{
		{name: floorName, args: []string{"git", "-C", "DIR", "cat-file", "--batch-all-objects", "--buffer", "--batch"}, stdout: true},
		{name: musterName, args: []string{"muster", "scan", "--store", "none", "--no-progress", "--no-worktree", "--fail-on", "never", "--allow-partial", "-o", "jsonl=OUT", "DIR"}, read: readMuster},
		{name: "gitleaks 8.30.1, library build", program: "gitleaks-lib", args: gitleaks, read: readGitleaks, same: true},
		{name: "gitleaks 8.30.1, release build (RE2)", program: "gitleaks-re2", args: gitleaks, read: readGitleaks, same: true},
		{
			name: "betterleaks 1.7.0, no archives", program: "betterleaks", read: readGitleaks,
			args: append([]string{"git", "--max-archive-depth=0"}, gitleaks[1:]...),
		},
		{
			name: "betterleaks 1.7.0, no archives, gitleaks' rules", program: "betterleaks", read: readGitleaks, same: true,
			args: append([]string{"git", "--max-archive-depth=0", "--config=RULES"}, gitleaks[1:]...),
		},
		{
			name: "trufflehog 3.97.0, no verification", program: "trufflehog", stdout: true, read: readTrufflehog,
			args: []string{"git", "file://DIR", "--bare", "--no-verification", "--no-update", "--json", "--log-level=-1"},
		},
	}
}

// where returns the program's path, or why it cannot be measured.
func (p peer) where(muster string) (path, absent string) {
	switch p.name {
	case floorName:
		return "git", ""
	case musterName:
		return muster, ""
	}
	dir := os.Getenv("MUSTER_PEERS")
	if dir == "" {
		return "", "MUSTER_PEERS is not set"
	}
	path = filepath.Join(dir, p.program)
	if _, err := os.Stat(path); err != nil {
		return "", "there is no " + p.program + " among the peers"
	}
	return path, ""
}

// command fills in the arguments of a run.
func (p peer) command(dir, out, rules string) []string {
	var args []string
	for _, a := range p.args {
		if a == "muster" || p.name == floorName && a == "git" {
			continue
		}
		args = append(args, strings.NewReplacer("DIR", dir, "OUT", out, "RULES", rules).Replace(a))
	}
	return args
}

// gitleaksRules writes gitleaks' default rules to a file.
func gitleaksRules(b *testing.B) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "rules.toml")
	if err := os.WriteFile(path, []byte(config.DefaultConfig), 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}

func readMuster(r io.Reader, each func(found)) error {
	hash := inventory.NewHasher(benchKey())
	return inventory.ReadAll("report", r, func(rec inventory.Record) error {
		c := rec.Credential
		if c == nil || len(c.FoundAt) == 0 || c.SecretHash == "" {
			return nil
		}
		each(found{c.SecretHash, c.Detector, c.FoundAt[0].URI})
		if strings.Contains(c.Attributes["also"], "aws-access-token") && c.PublicID != "" {
			each(found{hash([]byte(c.PublicID)), "gitleaks:aws-access-token", c.FoundAt[0].URI}) // an id is no credential beside its secret
		}
		return nil
	})
}

func readGitleaks(r io.Reader, each func(found)) error {
	var report []struct{ RuleID, File, Secret string }
	if err := json.NewDecoder(r).Decode(&report); err != nil {
		return err
	}
	hash := inventory.NewHasher(benchKey())
	for _, l := range report {
		each(found{hash([]byte(l.Secret)), l.RuleID, l.File})
	}
	return nil
}

func readTrufflehog(r io.Reader, each func(found)) error {
	hash, lines := inventory.NewHasher(benchKey()), bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		var l struct{ DetectorName, Raw string }
		if len(line) > 1 {
			if err := json.Unmarshal(line, &l); err != nil {
				return err
			}
			each(found{hash([]byte(l.Raw)), l.DetectorName, ""})
		}
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}
