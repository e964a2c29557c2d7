package cli

import (
	"fmt"
	"os"
	"strings"

	"github.com/muster-nhi/muster/scanners/kubernetes/live"
)

// tokenFile is where a pod has the token of its service account
// (kubernetes.io/docs/tasks/run-application/access-api-from-pod).
const tokenFile = "/var/run/secrets/kubernetes.io/serviceaccount/token" //nolint:gosec // a path, not a secret

// maxNamed bounds how many contexts one line names.
const maxNamed = 8

// cluster tells which cluster could be scanned from here, and how. The
// kubeconfig is read; no cluster is asked. It reports false if nothing here leads
// to one.
func (a *app) cluster(home string) (sighting, bool) {
	out := sighting{what: "a Kubernetes cluster", source: "kubernetes", scanner: "kubernetes"}
	out.where = a.presence(home, []string{"KUBECONFIG"}, []string{".kube/config"})
	if out.where == "" {
		return a.thisPod(out)
	}
	contexts, err := live.Contexts("")
	if err != nil {
		out.trouble = oneLine(err)
		out.where += ", which cannot be read: " + out.trouble
		return out, true
	}
	var names []string
	var current *live.Context
	for i := range contexts {
		if contexts[i].Current {
			current = &contexts[i]
			continue
		}
		names = append(names, contexts[i].Name)
	}
	switch {
	case len(contexts) == 0:
		if pod, ok := a.thisPod(out); ok {
			return pod, true
		}
		out.trouble = "it has no context"
		out.where += ", but " + out.trouble
	case current == nil:
		out.source = "kubernetes:" + names[0]
		out.where += ": no current context; it has " + few(names)
	default:
		out.where += fmt.Sprintf(": the current context %s (cluster %s, user %s)", current.Name, current.Cluster, current.User)
		if len(names) > 0 {
			out.where += "; kubernetes:CONTEXT for " + few(names)
		}
	}
	return out, true
}

// thisPod tells whether the program runs in a cluster, with a service account's
// token.
func (a *app) thisPod(s sighting) (sighting, bool) {
	if a.Getenv("KUBERNETES_SERVICE_HOST") == "" {
		return sighting{}, false
	}
	if _, err := os.Stat(tokenFile); err != nil {
		return sighting{}, false
	}
	s.where, s.source = "the cluster of this pod, as its service account", "kubernetes"
	return s, true
}

// few names some of a list.
func few(names []string) string {
	if len(names) > maxNamed {
		return strings.Join(names[:maxNamed], ", ") + fmt.Sprintf(" and %d more", len(names)-maxNamed)
	}
	return strings.Join(names, ", ")
}

func oneLine(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}

// checkCluster says whether a scan of a cluster could begin: which one it would
// read and as whom. Nothing is sent.
func (a *app) checkCluster(found sighting, seen bool) check {
	c := check{"scanner kubernetes", "ok", "no kubeconfig here, and this is no pod; names what to read: kubernetes[:CONTEXT]"}
	if !seen {
		return c
	}
	c.Detail = fmt.Sprintf("%s: %s; not asked (muster scan %s)", found.what, found.where, found.source)
	if found.trouble != "" {
		c.Status = "warn"
		return c
	}
	_, name, _ := strings.Cut(found.source, ":")
	if _, err := live.Open(live.Options{Context: name, Now: a.Now}); err != nil {
		return check{c.Name, "warn", fmt.Sprintf("%s; a scan would end at once: %s", c.Detail, oneLine(err))}
	}
	c.Detail = "ready; " + c.Detail
	return c
}

// currentContext names the context that a source without one means, "" if
// nothing tells.
func currentContext(options map[string]any) string {
	if name, ok := options["context"].(string); ok && name != "" {
		return name
	}
	file, _ := options["kubeconfig"].(string)
	contexts, err := live.Contexts(file)
	if err != nil {
		return ""
	}
	for _, c := range contexts {
		if c.Current {
			return c.Name
		}
	}
	return ""
}

// completeContexts offers the contexts of the kubeconfig as sources.
func completeContexts() []string {
	contexts, err := live.Contexts("")
	if err != nil {
		return nil
	}
	var out []string
	for _, c := range contexts {
		out = append(out, fmt.Sprintf("kubernetes:%s\tcluster %s, user %s", c.Name, c.Cluster, c.User))
	}
	return out
}
