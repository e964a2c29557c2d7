// Package live reads an organisation, a folder or projects of Google Cloud into an
// object.Estate. It only lists: nothing is created or changed, and no method that
// returns the value of a secret is called. Of what an API answers, only the fields
// that are kept are asked for (partial responses), so that what carries a secret
// beside them (a key string, the secret of a client) is not even sent.
//
// Cloud Asset Inventory is asked first, for everything at once. Each project is asked
// only for what the inventory does not have, or for all where the inventory is denied
// or switched off.
//
// Memory: what package object keeps of each object, and one page of an answer for each
// request under way, of which there are at most Options.Parallel times four.
package live

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/auth/credentials"

	"github.com/muster-nhi/muster/internal/transport"
)

// Options say what to read, as whom, and how deep. Now and Random are required.
type Options struct {
	Organization string // organizations/123, 123, or the domain; empty with no Folder and no Projects is every organisation that can be seen, or every project
	Folder       string // folders/123 or 123: what is below it
	// Projects are ids, or patterns with * and ?, of those to read; empty is all.
	Projects, ExcludeProjects []string

	CredentialsFile string // as gcloud or workload identity federation write it; empty is Application Default Credentials
	Impersonate     string // e-mail of a service account to become
	QuotaProject    string // id of the project whose quota requests count against; empty is that of the credentials
	Endpoint        string // asked instead of Google for everything, the host of the API in the Host header; empty is Google

	Details  Details
	Activity bool // when accounts and keys last signed in, from Policy Analyzer: two requests a project
	// Insights are permissions that were not used, from Recommender: a request for each
	// organisation, and where that takes no more than MaxInsights, one for each folder and
	// two for each project. AllInsights asks for these however many they are.
	Insights, AllInsights bool
	Groups                bool // members of the groups that policies name, from Cloud Identity: two requests a group

	// State is a directory for what a later run can go on with: what was read of
	// projects. Empty keeps nothing.
	State  string
	MaxAge time.Duration // of projects taken from State; 0 is DefaultMaxAge

	Parallel int // projects read side by side; 0 is DefaultParallel

	UserAgent string
	Wrap      func(http.RoundTripper) http.RoundTripper // around what carries requests; nil is nothing
	Now       func() time.Time
	Sleep     func(context.Context, time.Duration) error // nil is transport.Sleep
	Random    func() float64                             // between 0 and 1
	Getenv    func(string) string                        // where Application Default Credentials are; nil is os.Getenv
	// Token is asked for each request instead of credentials; nil is the credentials.
	Token func(context.Context) (string, error)
	// Asked is told of each request, by its method as the discovery document has it;
	// nil is nobody. It is called from several goroutines.
	Asked func(method string)
	// Waits is told what is waited for, why and how long, whenever a request is not
	// answered, and every few seconds again; nil is nobody. It is called by one goroutine
	// at a time.
	Waits func(text string)

	machine func(*credentials.DetectOptions) (*auth.Credentials, error) // finds the credentials of the machine; nil is Google's library
}

// Details say whether single objects are asked about where a listing does not tell
// all: policies of an account or a secret, where Asset Inventory cannot be searched.
type Details string

// The choices of Details.
const (
	DetailsAuto Details = "auto" // where a project has at most MaxDetails of them; also the empty string
	DetailsAll  Details = "all"
	DetailsNone Details = "none"
)

// Choices of a reader whose Options make none.
const (
	MaxDetails      = 100
	MaxInsights     = 40 // of the 100 requests a day that an organisation has without a support plan (cloud.google.com/recommender/quotas)
	DefaultParallel = 8
	DefaultMaxAge   = 24 * time.Hour
)

// check refuses options that cannot be meant.
func (o *Options) check() error {
	for _, list := range [][]string{o.Projects, o.ExcludeProjects} {
		for _, p := range list {
			if _, err := path.Match(p, ""); err != nil || p == "" {
				return fmt.Errorf("%q is no project and no pattern", p)
			}
		}
	}
	switch o.Details {
	case "", DetailsAuto, DetailsAll, DetailsNone:
	default:
		return fmt.Errorf("details can be auto, all or none, and not %q", o.Details)
	}
	if o.Organization != "" && o.Folder != "" {
		return errors.New("an organisation and a folder are named: one of them is read")
	}
	if n := strings.TrimPrefix(o.Folder, "folders/"); o.Folder != "" && !digits(n) {
		return fmt.Errorf("%q is no folder: it is a number, folders/123", o.Folder)
	}
	if n, ok := strings.CutPrefix(o.Organization, "organizations/"); ok && !digits(n) {
		return fmt.Errorf("%q is no organisation: it is a number, organizations/123, or a domain", o.Organization)
	}
	if o.Impersonate != "" && !strings.Contains(o.Impersonate, "@") {
		return fmt.Errorf("%q is not the e-mail address of a service account", o.Impersonate)
	}
	return nil
}

// settle fills in what was left open.
func (o *Options) settle() {
	if o.Details == "" {
		o.Details = DetailsAuto
	}
	if o.Parallel <= 0 {
		o.Parallel = DefaultParallel
	}
	if o.MaxAge <= 0 {
		o.MaxAge = DefaultMaxAge
	}
	if o.Sleep == nil {
		o.Sleep = transport.Sleep
	}
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.machine == nil {
		o.machine = credentials.DetectDefault
	}
	if o.Folder != "" {
		o.Folder = "folders/" + strings.TrimPrefix(o.Folder, "folders/")
	}
	if digits(o.Organization) {
		o.Organization = "organizations/" + o.Organization
	}
}

// digits reports whether a text is a number.
func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// chosen reports whether a project is among those that were asked for and not among
// those left out.
func (o *Options) chosen(id string) bool {
	return (len(o.Projects) == 0 || matches(id, o.Projects)) && !matches(id, o.ExcludeProjects)
}

func matches(name string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(p, name)
		return err == nil && ok
	})
}

// named returns the projects that are asked for by their id.
func (o *Options) named() []string { return slices.DeleteFunc(slices.Clone(o.Projects), isPattern) }

// patterns returns what else projects are asked for by.
func (o *Options) patterns() []string {
	return slices.DeleteFunc(slices.Clone(o.Projects), func(p string) bool { return !isPattern(p) })
}

// isPattern reports whether a text stands for more than itself.
func isPattern(text string) bool { return strings.ContainsAny(text, `*?[\`) }
