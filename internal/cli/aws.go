package cli

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/muster-nhi/muster/scanners/aws/live"
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

// checkAmazon says whether a scan of AWS could begin: with which credentials.
// Nothing is sent.
func (a *app) checkAmazon(found sighting, seen bool) check {
	c := check{"scanner aws", "ok", "no profile and no credentials of AWS here; names what to read: aws[:PROFILE]"}
	if !seen {
		return c
	}
	_, profile, _ := strings.Cut(found.source, ":")
	c.Detail = fmt.Sprintf("%s: %s; not asked (muster doctor %s asks)", found.what, found.where, found.source)
	if found.trouble != "" {
		c.Status = "warn"
		return c
	}
	if err := openable(profile, a.Now); err != nil {
		return check{c.Name, "warn", fmt.Sprintf("%s; a scan would end at once: %s", c.Detail, oneLine(err))}
	}
	c.Detail = "ready; " + c.Detail
	return c
}

// openable reports whether the configuration of AWS can be read.
func openable(profile string, now func() time.Time) error {
	r, err := live.Open(context.Background(), live.Options{Profile: profile, Now: now, Random: func() float64 { return 0 }})
	if err == nil {
		r.Close()
	}
	return err //nolint:wrapcheck // it says what is wrong with the configuration
}

// askAmazon asks AWS as whom a source would read and what is refused, some requests
// in all.
func (a *app) askAmazon(ctx context.Context, t target) (answer, error) {
	o := live.Options{Profile: t.argument, Now: a.Now, Random: func() float64 { return 0 }, UserAgent: "muster/" + a.tool().Version}
	r, err := live.Open(ctx, o)
	if err != nil {
		return answer{}, err
	}
	defer r.Close()
	got, err := r.Probe(ctx)
	if err != nil {
		return answer{}, err
	}
	out := answer{takes: "muster permissions aws prints the policy that it takes"}
	out.is = fmt.Sprintf("account %s as %s; %d of %s answered, in %s", got.Account, got.ARN, got.Tried-len(got.Trouble), plural(got.Tried, "call"), got.Region)
	for _, l := range got.Trouble {
		out.refused = append(out.refused, l.Call+": "+l.Reason)
	}
	return out, nil
}
