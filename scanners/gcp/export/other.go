package export

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/muster-nhi/muster/internal/saved"
	"github.com/muster-nhi/muster/scanners/gcp/convert"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// workload reads what goes by something else than its name: activities, HMAC keys,
// and what runs as accounts, as the command line lists it.
func (doc *document) workload(raw json.RawMessage, fields map[string]json.RawMessage) bool {
	switch {
	case len(fields["activityType"]) > 0 && (len(fields["fullResourceName"]) > 0 || len(fields["activity"]) > 0):
		doc.activity(raw)
		return true
	case len(fields["accessId"]) > 0:
		k, where, err := convert.HMACKey(raw)
		where = cmp.Or(where, strings.TrimPrefix(doc.place, "projects/"))
		doc.took("storage.hmacKeys.list", where, err)
		doc.r.put(doc, where, func(p *project) { p.hmac.merge(k.AccessID, age{answered, k.UpdatedAt}, k) })
		return true
	}
	asset, name := running(fields)
	if asset == "" {
		return false
	}
	list, err := convert.Consumers(asset, name, raw)
	doc.consumers(asset, cmp.Or(projectOf(name), strings.TrimPrefix(doc.place, "projects/")), list, err)
	return true
}

// activity reads an activity of Policy Analyzer.
func (doc *document) activity(raw json.RawMessage) {
	a, err := convert.ReadActivity(raw)
	where := cmp.Or(a.Project, strings.TrimPrefix(doc.place, "projects/"))
	call := "policyanalyzer.serviceAccountLastAuthenticationActivities.query"
	name := a.Account
	if a.Type == "serviceAccountKeyLastAuthentication" {
		call, name = "policyanalyzer.serviceAccountKeyLastAuthenticationActivities.query", a.Account+"/"+a.Key
	}
	doc.took(call, where, err)
	if a.Account != "" {
		doc.r.put(doc, where, func(p *project) { p.activities.merge(name, age{answered, a.Till.Time}, a) })
	}
}

// running tells what type of asset an object of the command line is, and its name.
func running(fields map[string]json.RawMessage) (asset, name string) {
	kind, link, called := text(fields["kind"]), text(fields["selfLink"]), text(fields["name"])
	var meta struct {
		Name, Namespace string
		Labels          map[string]string
	}
	_ = json.Unmarshal(fields["metadata"], &meta) // none for most
	region := meta.Labels["cloud.googleapis.com/location"]
	switch {
	case kind == "compute#instance" && link != "":
		return "compute.googleapis.com/Instance", convert.Bare(link)
	case kind == "compute#instanceTemplate" && link != "":
		return "compute.googleapis.com/InstanceTemplate", convert.Bare(link)
	case kind == "Service" && strings.Contains(text(fields["apiVersion"]), "serving.knative.dev"):
		return "run.googleapis.com/Service", fmt.Sprintf("run.googleapis.com/projects/%s/locations/%s/services/%s", meta.Namespace, region, meta.Name)
	case kind == "Job" && strings.Contains(text(fields["apiVersion"]), "run.googleapis.com"):
		return "run.googleapis.com/Job", fmt.Sprintf("run.googleapis.com/projects/%s/locations/%s/jobs/%s", meta.Namespace, region, meta.Name)
	case len(fields["nodePools"]) > 0 && strings.Contains(link, "container.googleapis.com"):
		return "container.googleapis.com/Cluster", convert.Bare(link)
	}
	if at := text(fields["resourceName"]); strings.Contains(at, "/triggers/") {
		return "cloudbuild.googleapis.com/BuildTrigger", "cloudbuild.googleapis.com/" + at
	}
	switch collections(called) {
	case "projects/locations/functions":
		return "cloudfunctions.googleapis.com/Function", "cloudfunctions.googleapis.com/" + called
	case "projects/locations/services":
		if len(fields["template"]) > 0 {
			return "run.googleapis.com/Service", "run.googleapis.com/" + called
		}
	case "projects/locations/jobs":
		if len(fields["schedule"]) > 0 {
			return "cloudscheduler.googleapis.com/Job", "cloudscheduler.googleapis.com/" + called
		} else if len(fields["template"]) > 0 {
			return "run.googleapis.com/Job", "run.googleapis.com/" + called
		}
	case "projects/locations/triggers":
		return "eventarc.googleapis.com/Trigger", "eventarc.googleapis.com/" + called
	case "projects/locations/workflows":
		return "workflows.googleapis.com/Workflow", "workflows.googleapis.com/" + called
	case "projects/subscriptions":
		return "pubsub.googleapis.com/Subscription", "pubsub.googleapis.com/" + called
	}
	return "", ""
}

// policy reads an allow policy as get-iam-policy prints it, which does not say of
// what it is: that is in the path of its file.
func (doc *document) policy(raw json.RawMessage, fields map[string]json.RawMessage) bool {
	if len(fields["bindings"]) == 0 && len(fields["etag"]) == 0 && len(fields["auditConfigs"]) == 0 {
		return false
	}
	for key := range fields {
		switch key {
		case "bindings", "etag", "version", "auditConfigs", "kind", "resourceId":
		default:
			return false
		}
	}
	resource := policyIn(doc.name)
	if id := text(fields["resourceId"]); strings.HasPrefix(id, "projects/_/buckets/") { // as Cloud Storage answers
		resource = "storage.googleapis.com/" + convert.Last(id)
	}
	switch {
	case resource != "":
		doc.allow(resource, strings.TrimPrefix(doc.place, "projects/"), raw)
	case !strings.Contains(path.Base(doc.name), "get-iam-policy.") || strings.Contains(path.Base(doc.name), "projects-get-iam-policy"):
		bindings, audit, err := convert.Policy(raw)
		doc.took("resourcemanager.projects.getIamPolicy", "", err)
		doc.r.put(doc, "", func(p *project) {
			if p.place == "" {
				p.r.allow(object.Policy{Resource: "projects/" + p.ID, Project: p.ID, Bindings: bindings, Audit: audit})
			}
		})
	default:
		doc.r.lost(doc.name, "is a policy that does not say of which resource it is: put it into projects/ID, folders/NUMBER or organizations/NUMBER, or name it as the script in docs/scanners/gcp-export.md does")
	}
	return true
}

// policyIn finds the resource of a policy in the path of its file: the project,
// folder or organisation in it, or, in a project's directory, the account, secret or
// bucket: secrets-get-iam-policy.NAME.json.
func policyIn(name string) string {
	place := placeIn(name)
	base := path.Base(name)
	base = strings.TrimSuffix(strings.TrimSuffix(base, ".gz"), path.Ext(strings.TrimSuffix(base, ".gz")))
	of, id, ok := strings.Cut(base, "get-iam-policy.")
	switch {
	case ok && strings.HasPrefix(of, "iam-service-accounts") && strings.Contains(id, "@"):
		project := strings.TrimPrefix(place, "projects/")
		if _, domain, _ := strings.Cut(id, "@"); strings.HasSuffix(domain, ".iam.gserviceaccount.com") {
			project = cmp.Or(project, strings.TrimSuffix(domain, ".iam.gserviceaccount.com"))
		}
		return "iam.googleapis.com/projects/" + cmp.Or(project, "-") + "/serviceAccounts/" + id
	case ok && strings.HasPrefix(of, "secrets") && place != "":
		return "secretmanager.googleapis.com/" + place + "/secrets/" + id
	case ok && strings.HasPrefix(of, "storage-buckets"):
		return "storage.googleapis.com/" + id
	case ok && regexp.MustCompile(`^(projects|folders|organizations)-$`).MatchString(of):
		return strings.TrimSuffix(of, "-") + "/" + id
	case ok:
		return ""
	}
	return place
}

// failure reads an error as the APIs answer it.
func (doc *document) failure(raw json.RawMessage, fields map[string]json.RawMessage) bool {
	var v struct {
		Error struct {
			Code    int
			Status  string
			Details []struct{ Reason string }
		}
	}
	if len(fields["error"]) == 0 || len(fields) > 1 || json.Unmarshal(raw, &v) != nil || v.Error.Code == 0 {
		return false
	}
	reason := ""
	for _, d := range v.Error.Details {
		reason = cmp.Or(reason, d.Reason)
	}
	doc.r.failed(doc.name, "", cmp.Or(v.Error.Status, fmt.Sprint(v.Error.Code)), reason)
	return true
}

// refused reads what gcloud said in place of an answer.
func (r *reader) refused(name, said string) {
	m := regexp.MustCompile(`ERROR: \(gcloud\.([a-z0-9.-]{1,100})\) (?:.{0,300}?)(PERMISSION_DENIED|FAILED_PRECONDITION|RESOURCE_EXHAUSTED|NOT_FOUND|UNAUTHENTICATED|INVALID_ARGUMENT|does not have permission|HTTPError 40[134]|SERVICE_DISABLED)`).FindStringSubmatch(said)
	if m == nil {
		m = regexp.MustCompile(`ERROR: \(gcloud\.([a-z0-9.-]{1,100})\)()`).FindStringSubmatch(said)
	}
	if m == nil {
		r.unknown = append(r.unknown, name)
		return
	}
	reason := ""
	if strings.Contains(said, "SERVICE_DISABLED") || strings.Contains(said, "has not been used in project") || strings.Contains(said, "accessNotConfigured") {
		reason = "SERVICE_DISABLED"
	}
	r.failed(name, strings.ReplaceAll(m[1], ".", "-"), cmp.Or(m[2], "an error"), reason)
}

// failed takes in that the call that a file is named after was refused, or that
// which gcloud named.
func (r *reader) failed(name, words, status, reason string) {
	place := placeIn(name)
	c := r.calls.named(name)
	if c == nil {
		c = r.calls.byName[words]
	}
	if c == nil {
		if content, asset := assetFile(name); content != "" {
			r.sweeps = append(r.sweeps, &sweep{content: content, types: map[string]bool{asset: true}, place: place, name: name, cut: saved.Short(name, 200) + ": Google refused it (" + status + ")"})
			return
		}
		r.note(name, "says that a call was refused ("+status+"), and its name does not tell which: name it as the script in docs/scanners/gcp-export.md does")
		return
	}
	r.put(&document{r: r, name: name}, strings.TrimPrefix(place, "projects/"), func(p *project) {
		l := p.listing(c.permission)
		switch {
		case reason == "SERVICE_DISABLED" && c.onlyWith() != "":
			l.off = true
		case reason == "SERVICE_DISABLED":
			l.trouble = saved.Short(name, 200) + ": the API is not enabled in the project that the calls were made for"
		case status == "NOT_FOUND" || strings.HasSuffix(status, "404"):
			l.pages++
		default:
			l.denied = l.denied || isDenied(status)
			l.trouble = fmt.Sprintf("%s: Google refused it (%s)", saved.Short(name, 200), status)
		}
	})
}

// isDenied reports whether a status says that access was refused.
func isDenied(status string) bool {
	return strings.Contains(strings.ToLower(status), "permission") || status == "UNAUTHENTICATED" || strings.HasSuffix(status, "401") || strings.HasSuffix(status, "403")
}
