package live

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// apis is what the server says it serves beside the core group. The zero apis
// knows nothing.
type apis struct {
	known     bool
	groups    map[string][]string // versions by group
	resources map[string]bool     // "group/version/plural"; nil if only groups are known
	stale     map[string]bool     // "group/version" that the server cannot reach: what it holds is not known
}

// absent reports whether the server is known not to have a group.
func (a *apis) absent(group string) bool {
	return a.known && group != "" && a.groups[group] == nil
}

// version returns the first of some versions in which the server has a resource;
// empty if it has none. If it did not say, the first one is as good as any, and of
// a version that it cannot reach it did not say: that one is asked for, and the
// refusal tells that it was not read.
func (a *apis) version(group, plural string, versions []string) string {
	if !a.known {
		return versions[0]
	}
	for _, v := range versions {
		if a.resources == nil && slices.Contains(a.groups[group], v) || a.resources[group+"/"+v+"/"+plural] {
			return v
		}
	}
	for _, v := range versions {
		if a.stale[group+"/"+v] {
			return v
		}
	}
	return ""
}

// discovered is an APIGroupDiscoveryList (apidiscovery.k8s.io/v2) or, of servers
// before 1.26 and where it is switched off, an APIGroupList (meta/v1).
type discovered struct {
	Kind  string `json:"kind"`
	Items []struct {
		Metadata struct {
			Name string `json:"name"`
		} `json:"metadata"`
		Versions []struct {
			Version   string `json:"version"`
			Freshness string `json:"freshness"`
			Resources []struct {
				Resource string `json:"resource"`
			} `json:"resources"`
		} `json:"versions"`
	} `json:"items"`
	Groups []struct {
		Name     string `json:"name"`
		Versions []struct {
			Version string `json:"version"`
		} `json:"versions"`
	} `json:"groups"`
}

// discover asks which groups there are, so that those that are not cost nothing.
// If it cannot, all are asked for.
func (r *run) discover(ctx context.Context) {
	var d discovered
	err := r.getJSON(ctx, "/apis", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;q=0.9", &d)
	if err == nil && len(d.Items) == 0 && len(d.Groups) == 0 {
		err = errForm
	}
	if err != nil {
		r.note("the list of APIs could not be read, so all are asked for: " + reason(err))
		return
	}
	r.apis = apis{known: true, groups: map[string][]string{}, stale: map[string]bool{}}
	var stale []string
	for _, g := range d.Items {
		if r.apis.resources == nil {
			r.apis.resources = map[string]bool{}
		}
		for _, v := range g.Versions {
			r.apis.groups[g.Metadata.Name] = append(r.apis.groups[g.Metadata.Name], v.Version)
			if v.Freshness == "Stale" {
				stale = append(stale, g.Metadata.Name+"/"+v.Version)
				r.apis.stale[g.Metadata.Name+"/"+v.Version] = true
			}
			for _, s := range v.Resources {
				r.apis.resources[g.Metadata.Name+"/"+v.Version+"/"+s.Resource] = true
			}
		}
	}
	for _, g := range d.Groups {
		for _, v := range g.Versions {
			r.apis.groups[g.Name] = append(r.apis.groups[g.Name], v.Version)
		}
	}
	if len(stale) > 0 {
		slices.Sort(stale)
		r.note(fmt.Sprintf("the server cannot reach what serves %s", strings.Join(stale, ", ")))
	}
}

// notFound reports whether the server said 404.
func notFound(err error) bool {
	var status *statusError
	return errors.As(err, &status) && status.code == http.StatusNotFound
}

// day reads a date; zero if it is none.
func day(text string) time.Time {
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}
	}
	return at
}

// skip notes a resource that is not asked for, and why.
func (r *run) skip(s resource, namespace, why string) {
	l := r.begin(s, namespace)
	l.Status, l.Reason = inventory.StatusSkipped, why
	r.end(l, nil)
}
