package cli

import (
	"bufio"
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// amazon tells which credentials of AWS are here, and how to scan with them. Names
// of variables and profiles are looked at; no value of a key is read, and nothing
// is asked. It reports false if there are none.
func (a *app) amazon(home string) (sighting, bool) {
	out := sighting{what: "AWS credentials", source: "aws", scanner: "aws"}
	out.where = a.presence(home, []string{"AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"}, nil)
	profiles := a.profiles(home)
	if name := a.Getenv("AWS_PROFILE"); name != "" && a.Getenv("AWS_ACCESS_KEY_ID") == "" {
		out.where += ": the profile " + name
		if !slices.Contains(profiles, name) {
			out.trouble = "no profile of that name is configured"
			out.where += ", but " + out.trouble
		}
		profiles = slices.DeleteFunc(profiles, func(p string) bool { return p == name })
	}
	if len(profiles) == 0 {
		return out, out.where != ""
	}
	if out.where == "" {
		out.where = "configured: " + plural(len(profiles), "profile")
		if !slices.Contains(profiles, "default") {
			out.source = "aws:" + profiles[0]
		}
	}
	out.where += "; aws:PROFILE for " + few(profiles)
	return out, true
}

// profiles lists the names of the profiles of the AWS configuration, sorted. Of the
// files only the lines with names in brackets are kept.
func (a *app) profiles(home string) []string {
	var out []string
	for _, f := range []struct{ env, file string }{{"AWS_CONFIG_FILE", ".aws/config"}, {"AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"}} {
		path := a.Getenv(f.env)
		if path == "" && home != "" {
			path = filepath.Join(home, filepath.FromSlash(f.file))
		}
		if path != "" {
			out = append(out, sections(path)...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// maxSections bounds the profiles that are looked at.
const maxSections = 10_000

// sections reads the names of profiles of a file; none if it cannot be read.
func sections(path string) []string {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close() //nolint:errcheck // nothing was written
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	var out []string
	lines := bufio.NewScanner(f)
	for lines.Scan() && len(out) < maxSections {
		line := strings.TrimSpace(lines.Text())
		name, ok := strings.CutPrefix(line, "[")
		name, _, closed := strings.Cut(name, "]")
		if !ok || !closed {
			continue
		}
		kind, rest, two := strings.Cut(strings.TrimSpace(name), " ")
		switch {
		case !two:
			out = append(out, kind)
		case kind == "profile":
			out = append(out, strings.Trim(strings.TrimSpace(rest), `"'`))
		}
	}
	return out
}

// currentProfile is the profile that a source without one means, "" if credentials
// come from the environment.
func (a *app) currentProfile() string {
	if a.Getenv("AWS_ACCESS_KEY_ID") != "" {
		return ""
	}
	return cmp.Or(a.Getenv("AWS_PROFILE"), a.Getenv("AWS_DEFAULT_PROFILE"))
}
