package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/config"
	"github.com/muster-nhi/muster/internal/transport"
	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/all"
	"github.com/muster-nhi/muster/scanners/aws"
	amazon "github.com/muster-nhi/muster/scanners/aws/live"
	"github.com/muster-nhi/muster/scanners/azure"
	entra "github.com/muster-nhi/muster/scanners/azure/live"
	"github.com/muster-nhi/muster/scanners/gcp"
	google "github.com/muster-nhi/muster/scanners/gcp/live"
)

// ask asks clouds as whom the sources that an argument names would be read, and what
// is refused.
func (a *app) ask(ctx context.Context, s *setting, argument string) []check {
	var out []check
	for _, source := range s.meant(argument) {
		name := "source " + cmp.Or(source.Name, source.Source)
		t, err := newTarget(all.Factories(), source, s.overlays())
		if err != nil {
			out = append(out, check{name, "fail", placed(s.at(source), err)})
			continue
		}
		out = append(out, a.askTarget(ctx, name, s.at(source), t, a.netEnv()))
	}
	return out
}

// askTarget asks the cloud that a source is, if it is one. Where says where it is set
// up; empty is nowhere.
func (a *app) askTarget(ctx context.Context, name, where string, t target, env scanners.Env) check {
	ctx, cancel := context.WithTimeout(ctx, maxProbe)
	defer cancel()
	r, err := openCloud(env, t)
	switch {
	case errors.Is(err, errNoCloud):
		return check{name, "warn", fmt.Sprintf("not asked: doctor asks %s; muster scan reads other sources", strings.Join(askedForms(), ", "))}
	case err != nil:
		return check{name, "fail", placed(where, err)}
	}
	defer r.close()
	got, err := r.probe(ctx)
	return got.check(name, where, err)
}

// meant returns the sources that an argument of doctor names: those of the
// configuration that are called or written so, or are of the scanner that it names
// alone; or else what it says by itself.
func (s *setting) meant(argument string) []config.Source {
	alone := []config.Source{{Source: argument}}
	if s.file == nil { // it cannot be read, which another check says
		return alone
	}
	for _, is := range []func(config.Source) bool{
		func(x config.Source) bool { return x.Name == argument },
		func(x config.Source) bool { return x.Source == argument },
		func(x config.Source) bool { return strings.HasPrefix(x.Source, argument+":") },
	} {
		if found := slices.DeleteFunc(slices.Clone(s.file.Sources), func(x config.Source) bool { return !is(x) }); len(found) > 0 {
			return found
		}
	}
	return alone
}

// at says where a source is set up: "muster.yaml:3: ". It is empty for one of the
// command line.
func (s *setting) at(source config.Source) string {
	if source.Line == 0 {
		return ""
	}
	return fmt.Sprintf("%s:%d: ", s.file.Name(), source.Line)
}

// placed is an error with where its source is set up, unless it says a line of that
// file itself.
func placed(where string, err error) string {
	text, file := oneLine(err), where[:strings.LastIndex(strings.TrimSuffix(where, ": "), ":")+1]
	if file != "" && strings.HasPrefix(text, file) {
		return text
	}
	return where + text
}

// netEnv is what scanners that use the network are lent, as far as it is not of one
// scan.
func (a *app) netEnv() scanners.Env {
	options := transport.Options{UserAgent: "muster/" + a.tool().Version, Now: a.Now, Sleep: transport.Sleep, Random: rand.Float64}
	env := scanners.Env{Now: a.Now, UserAgent: options.UserAgent}
	env.Wrap = func(next http.RoundTripper) http.RoundTripper {
		wrapped := options
		wrapped.Next = next
		return transport.New(wrapped)
	}
	options.Rate, options.Burst = 20, 20
	env.HTTP = &http.Client{Transport: transport.New(options)}
	return env
}

// maxProbe is how long a cloud is asked at most.
const maxProbe = time.Minute

// An answer is what a cloud says of a source.
type answer struct {
	is      string   // as whom it is read, and how much of it answered
	refused []string // a line for each call that was, with the reason
	takes   string   // what to do about those
}

// check is what doctor shows of an answer, or of an error in its place.
func (x answer) check(name, where string, err error) check {
	c := check{name, "ok", where + x.is}
	switch {
	case err != nil:
		c.Status, c.Detail = "fail", placed(where, err)
	case len(x.refused) > 0:
		c.Status, c.Detail = "warn", strings.Join(slices.Concat([]string{c.Detail}, x.refused, []string{x.takes}), "\n")
	}
	return c
}

// A cloudReader is what the scanner of a cloud reads with, as a source sets it up.
type cloudReader struct {
	probe func(context.Context) (answer, error)
	close func()
}

// errNoCloud is the error of a source that is no cloud that is read live.
var errNoCloud = errors.New("the source is no cloud")

// askedForms are the sources that are asked, as they are written.
func askedForms() []string {
	var out []string
	for _, f := range all.Factories() {
		if slices.Contains(accountClouds(), f.Info().Name) {
			out = append(out, sourceForm(f.Info()))
		}
	}
	return out
}

// openCloud opens what the scanner of a source would read with. It sends nothing.
func openCloud(env scanners.Env, t target) (cloudReader, error) {
	switch t.factory.Info().Name {
	case "aws":
		return openedReader(env, t, aws.NewReader, askAmazon)
	case "gcp":
		return openedReader(env, t, gcp.NewReader, askGoogle)
	case "azure":
		return openedReader(env, t, azure.NewReader, askAzure)
	default:
		return cloudReader{}, errNoCloud
	}
}

// openedReader opens the reader of a scanner whose configuration is a C.
func openedReader[C any, R interface{ Close() }](env scanners.Env, t target, open func(scanners.Env, C) (R, error), ask func(context.Context, R) (answer, error)) (cloudReader, error) {
	c, ok := t.factory.Defaults().(C)
	if !ok {
		return cloudReader{}, fmt.Errorf("the configuration of %s is no %T", t.name, c)
	}
	if err := t.decode(&c); err != nil {
		return cloudReader{}, err
	}
	r, err := open(env, c)
	if err != nil {
		return cloudReader{}, err
	}
	return cloudReader{func(ctx context.Context) (answer, error) { return ask(ctx, r) }, r.Close}, nil
}

// askAmazon asks AWS, some requests in all.
func askAmazon(ctx context.Context, r *amazon.Reader) (answer, error) {
	got, err := r.Probe(ctx)
	if err != nil {
		return answer{}, err //nolint:wrapcheck // it says what was asked
	}
	out := answer{takes: "muster permissions aws prints the policy that it takes"}
	out.is = fmt.Sprintf("account %s as %s; %d of %s answered, in %s", got.Account, got.ARN, got.Tried-len(got.Trouble), plural(got.Tried, "call"), got.Region)
	for _, l := range got.Trouble {
		out.refused = append(out.refused, l.Call+": "+l.Reason)
	}
	return out, nil
}

// askGoogle asks Google Cloud, some requests in all.
func askGoogle(ctx context.Context, r *google.Reader) (answer, error) {
	got, err := r.Probe(ctx)
	if err != nil {
		return answer{}, err //nolint:wrapcheck // it says what was asked
	}
	out := answer{takes: "muster permissions gcp prints the role that it takes"}
	out.is = fmt.Sprintf("%s as %s; %d of %s answered", cmp.Or(got.Place, "no place"), cmp.Or(got.Reader, "somebody whom the credentials do not name"), got.Tried-len(got.Trouble), plural(got.Tried, "call"))
	for _, l := range got.Trouble {
		out.refused = append(out.refused, l.Call+": "+l.Reason)
	}
	return out, nil
}

// askAzure asks Entra and Azure, a request for each kind of thing.
func askAzure(ctx context.Context, r *entra.Reader) (answer, error) {
	got, err := r.Probe(ctx)
	if err != nil {
		return answer{}, err //nolint:wrapcheck // it says what was asked
	}
	out := answer{takes: "muster permissions azure prints what it takes"}
	out.is = fmt.Sprintf("tenant %s as %s %s; %d of %s answered, %s", got.Tenant, got.ReaderName, got.Reader, got.Tried-len(got.Trouble), plural(got.Tried, "call"), plural(got.Subscriptions, "subscription"))
	for _, l := range got.Trouble {
		out.refused = append(out.refused, l.Call+": "+l.Reason)
	}
	return out, nil
}

// checkCloud says whether a scan of a cloud could begin: with which credentials. Those
// that a machine of that cloud has of itself are not looked for, and nothing is sent.
func (a *app) checkCloud(info scanners.Info, none string, found sighting, seen bool) check {
	c := check{"scanner " + info.Name, "ok", none + "; names what to read: " + sourceForm(info)}
	if !seen {
		return c
	}
	c.Detail = fmt.Sprintf("%s: %s; not asked (muster doctor %s asks)", found.what, found.where, found.source)
	if found.trouble != "" {
		c.Status = "warn"
		return c
	}
	if err := a.openable(found.source); err != nil {
		return check{c.Name, "warn", fmt.Sprintf("%s; a scan would end at once: %s", c.Detail, oneLine(err))}
	}
	c.Detail = "ready; " + c.Detail
	return c
}

// openable reports whether a scan of a cloud could sign in with what is configured.
func (a *app) openable(source string) error {
	t, err := newTarget(all.Factories(), config.Source{Source: source}, nil)
	if err != nil {
		return err
	}
	r, err := openCloud(a.netEnv(), t)
	if err == nil {
		r.close()
	}
	return err
}

// noCredentials says of a cloud that nothing here signs in to it; empty for a scanner
// of something else.
func noCredentials(scanner string) string {
	return map[string]string{
		"aws": "no profile and no credentials of AWS here", "gcp": "no credentials of Google Cloud here", "azure": "no credentials of Azure here",
	}[scanner]
}
