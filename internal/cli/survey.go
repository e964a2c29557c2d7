package cli

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/scanners/all"
	entra "github.com/muster-nhi/muster/scanners/azure/live"
	"github.com/muster-nhi/muster/scanners/gcp/live"
)

// A sighting is something on this machine that could be scanned.
type sighting struct {
	what    string
	where   string
	source  string // how to scan it
	scanner string // which scanner that takes
	trouble string // why a scan would not begin; empty if nothing is known against it
}

// survey tells what could be scanned from here and how. It looks at names of
// files and variables, and at the contexts of a kubeconfig, and scans nothing.
func (a *app) survey() {
	have := scannerNames(all.Factories())
	fmt.Fprintln(a.Stderr, "muster: no source was named, and no configuration names one; nothing was scanned.")
	found := a.sightings()
	if len(found) > 0 {
		fmt.Fprintln(a.Stderr, "\nOn this machine there is:")
	}
	for _, s := range found {
		how := "muster scan " + s.source
		if !slices.Contains(have, s.scanner) {
			how = "(this build has no scanner for " + s.scanner + ")"
		}
		fmt.Fprintf(a.Stderr, "  %-24s %s\n  %-24s %s\n", s.what, visible(s.where), "", how)
	}
	fmt.Fprintf(a.Stderr, "\nScanners: %s; muster help sources explains them. muster demo needs nothing.\n", strings.Join(have, ", "))
}

// sightings looks for a repository, a kubeconfig and cloud credentials.
func (a *app) sightings() []sighting {
	var out []sighting
	if root := a.repository(); root != "" {
		out = append(out, sighting{"a git repository", root, cmp.Or(relative(a.Dir, root), "."), "repo", ""})
	}
	home := cmp.Or(a.Getenv("HOME"), a.Getenv("USERPROFILE"))
	if s, ok := a.cluster(home); ok {
		out = append(out, s)
	}
	if s, ok := a.amazon(home); ok {
		out = append(out, s)
	}
	if s, ok := a.google(home); ok {
		out = append(out, s)
	}
	if s, ok := a.azure(home); ok {
		out = append(out, s)
	}
	return out
}

// google tells which credentials of Google Cloud are here. Being signed in to gcloud
// is not enough: Application Default Credentials are another file.
func (a *app) google(home string) (sighting, bool) {
	out := sighting{what: "Google Cloud credentials", source: "gcp", scanner: "gcp"}
	if out.where = a.presence("", []string{"GOOGLE_APPLICATION_CREDENTIALS"}, nil); out.where == "" {
		out.where = live.DefaultFile(a.Getenv)
	}
	if out.where == "" {
		dir := a.Getenv("CLOUDSDK_CONFIG")
		if dir == "" && home != "" {
			dir = filepath.Join(home, ".config", "gcloud")
		}
		if out.where = a.presence(dir, nil, []string{"credentials.db"}); out.where != "" {
			out.trouble = "gcloud is signed in, but there are no Application Default Credentials: gcloud auth application-default login"
			out.where += "; " + out.trouble
		}
	}
	return out, out.where != ""
}

// azure tells which credentials of Azure are here: those of the environment, or of the
// directory of az, which another can take the place of.
func (a *app) azure(home string) (sighting, bool) {
	out := sighting{what: "Azure credentials", source: "azure", scanner: "azure"}
	dir := a.Getenv("AZURE_CONFIG_DIR")
	if dir == "" && home != "" {
		dir = filepath.Join(home, ".azure")
	}
	missing := entra.MissingToken(a.Getenv)
	if missing != nil && a.Getenv("AZURE_CLIENT_ID") == "" { // nobody would sign in with it, if az can
		out.where = a.presence(dir, []string{"IDENTITY_ENDPOINT"}, []string{"azureProfile.json"})
	}
	if out.where == "" {
		out.where = a.presence(dir, []string{"AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE", "IDENTITY_ENDPOINT"}, []string{"azureProfile.json"})
		if missing != nil {
			out.trouble = oneLine(missing)
			out.where += ", but " + out.trouble
		}
	}
	return out, out.where != ""
}

// presence names the first variable that is set or file that is there. It
// never reads a value.
func (a *app) presence(home string, env, files []string) string {
	for _, e := range env {
		if a.Getenv(e) != "" {
			return "the environment variable " + e
		}
	}
	for _, f := range files {
		path := filepath.Join(home, filepath.FromSlash(f))
		if _, err := os.Stat(path); home != "" && err == nil {
			return path
		}
	}
	return ""
}

// repository finds the git repository that the current directory is in.
func (a *app) repository() string {
	for dir := a.Dir; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}

func relative(from, to string) string {
	rel, err := filepath.Rel(from, to)
	if err != nil {
		return to
	}
	return rel
}
