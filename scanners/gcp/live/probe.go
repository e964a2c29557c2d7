package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/live/wire"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// A Standing says as whom a scan would read, and how far it would come.
type Standing struct {
	Reader string // e-mail; empty is unknown: the credentials of a person do not say
	Place  string // the organisation, folder or project that was asked about; empty is none
	// Trouble are the calls that were tried and did not get an answer, with the
	// reason. A call that is answered may still be refused elsewhere.
	Trouble []object.Listing
	Tried   int // calls that were tried
}

// Probe asks Google what can be seen, and tries some calls on the organisation, the
// folder or the project that a scan would read, or the first of them, one request each.
// The error says that Google could not be reached or does not take the credentials.
func (r *Reader) Probe(ctx context.Context) (Standing, error) {
	p := &probing{run: r.newRun(nil), standing: Standing{Reader: r.as}}
	if err := p.find(ctx); err != nil {
		return Standing{}, err
	}
	for _, t := range probes(p.standing.Place) {
		_, err := p.try(ctx, t.id, t.in)
		if ctx.Err() != nil {
			return p.standing, fmt.Errorf("ask Google Cloud: %w", ctx.Err())
		}
		if l := p.run.listing(p.run.name(t.id), p.standing.Place, 0, err); l.Status != inventory.StatusComplete {
			p.standing.Trouble = append(p.standing.Trouble, l)
		}
	}
	return p.standing, nil
}

// A probing is one Probe.
type probing struct {
	run      *run
	standing Standing
}

// try sends one request; for a listing, for its first page.
func (p *probing) try(ctx context.Context, id string, in wire.Values) (map[string]json.RawMessage, error) {
	p.standing.Tried++
	var page map[string]json.RawMessage
	err := p.run.client.Ask(ctx, p.run.op(id), in, &page)
	return page, err
}

// find settles where calls are tried. What a scan is pointed at need not be seen to be
// asked for.
func (p *probing) find(ctx context.Context) error {
	const organizations, projects = "cloudresourcemanager.organizations.search", "cloudresourcemanager.projects.search"
	o := p.run.options
	in := wire.Values{}
	domain := o.Organization != "" && !strings.HasPrefix(o.Organization, "organizations/")
	if domain {
		in["query"] = "domain:" + o.Organization
	}
	organization, err := p.first(ctx, organizations, in)
	if err != nil {
		return err
	}
	named := o.named()
	switch {
	case o.Folder != "":
		p.standing.Place = o.Folder
	case o.Organization != "" && !domain:
		p.standing.Place = o.Organization
	case domain && organization == "":
		p.nothing(organizations, "there is no organisation of the domain "+o.Organization+", or it may not be seen")
	case len(named) > 0:
		p.standing.Place = "projects/" + named[0]
	case len(o.Projects) == 0 && organization != "":
		p.standing.Place = organization
	default:
		if p.standing.Place, err = p.first(ctx, projects, wire.Values{}); err == nil && p.standing.Place == "" {
			p.nothing(projects, "no organisation and no project that would be read can be seen")
		}
	}
	return err
}

// maxLooked is how many pages are looked through for a place to ask about. An empty
// page with more behind it is legal (AIP-158).
const maxLooked = 5

// first asks for the first organisation, or the first project that a scan would read;
// empty if there is none. Nobody is refused these searches: they find what the caller
// may see.
func (p *probing) first(ctx context.Context, id string, in wire.Values) (string, error) {
	op := p.run.op(id)
	for range maxLooked {
		page, err := p.try(ctx, id, in)
		_, answered := errors.AsType[*wire.Error](err)
		switch {
		case ctx.Err() != nil:
			return "", fmt.Errorf("ask Google Cloud: %w", ctx.Err())
		case wire.Unknown(err):
			return "", fmt.Errorf("sign in to Google Cloud: %w", err)
		case err != nil && !answered:
			return "", fmt.Errorf("ask Google Cloud: %w", err)
		case err != nil:
			p.standing.Trouble = append(p.standing.Trouble, p.run.listing(p.run.name(id), "", 0, err))
			return "", nil
		}
		var items []struct{ Name, ProjectID string }
		_ = json.Unmarshal(page[op.Items], &items) // what is no list has none
		for _, x := range items {
			if x.ProjectID == "" {
				return x.Name, nil
			}
			if p.run.options.chosen(x.ProjectID) {
				return "projects/" + x.ProjectID, nil
			}
		}
		var token string
		_ = json.Unmarshal(page["nextPageToken"], &token) // what is no text is none
		if token == "" {
			break
		}
		in = maps.Clone(in)
		in["pageToken"] = token
	}
	return "", nil
}

// nothing says that there is no place to ask about.
func (p *probing) nothing(id, why string) {
	p.standing.Trouble = append(p.standing.Trouble, object.Listing{Call: p.run.name(id), Status: inventory.StatusDenied, Reason: why})
}

// A trial is a call that stands for what a scan reads.
type trial struct {
	id string
	in wire.Values
}

// probes are the calls to try on a place.
func probes(place string) []trial {
	policy := map[string]string{"organizations": "cloudresourcemanager.organizations.getIamPolicy", "folders": "cloudresourcemanager.folders.getIamPolicy"}
	kind, _, _ := strings.Cut(place, "/")
	switch kind {
	case "":
		return nil
	case "projects":
		return []trial{
			{"cloudresourcemanager.projects.getIamPolicy", wire.Values{"resource": place}},
			{"iam.projects.serviceAccounts.list", wire.Values{"name": place, "pageSize": "1"}},
			{"cloudasset.assets.list", wire.Values{"parent": place, "contentType": "RESOURCE", "pageSize": "1"}},
			{"secretmanager.projects.secrets.list", wire.Values{"parent": place, "pageSize": "1"}},
		}
	default:
		return []trial{
			{"cloudasset.searchAllResources", wire.Values{"scope": place, "pageSize": "1"}},
			{"cloudasset.searchAllIamPolicies", wire.Values{"scope": place, "pageSize": "1"}},
			{"cloudasset.assets.list", wire.Values{"parent": place, "contentType": "RESOURCE", "pageSize": "1"}},
			{policy[kind], wire.Values{"resource": place}},
		}
	}
}
