package convert

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// An expression is a condition in CEL.
type expression struct{ Title, Description, Expression string }

func (e *expression) condition() *object.Condition {
	if e == nil || *e == (expression{}) {
		return nil
	}
	c := &object.Condition{Title: e.Title, Description: e.Description, Expression: e.Expression}
	if strings.TrimSpace(c.Expression) == "" {
		c.Expression = untold
	}
	return c
}

// untold stands for an expression that is not there. It is no valid one, so that nobody
// takes it for decided.
const untold = "(not told)"

// bound converts one binding. In the first version of a policy, conditions are left out
// and the name of the role has a mark instead
// (cloud.google.com/iam/docs/policies#versions).
func bound(role string, members []string, e *expression) object.Binding {
	b := object.Binding{Role: role, Members: members, Condition: e.condition()}
	if i := strings.LastIndex(role, "_withcond_"); i > 0 && b.Condition == nil {
		b.Role, b.Condition = role[:i], &object.Condition{Title: "the policy was read in a version without conditions", Expression: untold}
	}
	return b
}

// Policy converts an allow policy, in camel case or in the snake case of exports
// into Cloud Storage. audit says that it has audit configurations.
func Policy(raw []byte) (bindings []object.Binding, audit bool, err error) {
	var v struct {
		Bindings []struct {
			Role      string
			Members   []string
			Condition *expression
		}
		AuditConfigs json.RawMessage
		Snake        json.RawMessage `json:"audit_configs"`
	}
	err = read(raw, &v)
	for _, b := range v.Bindings {
		bindings = append(bindings, bound(b.Role, b.Members, b.Condition))
	}
	return bindings, present(v.AuditConfigs) || present(v.Snake), err
}

// Role converts a Role of IAM. Its permissions are known if the answer has them,
// which it does not in the basic view; full says that it is not of that view.
func Role(raw []byte, full bool) (object.Role, error) {
	var v struct {
		Name, Title, Stage  string
		Deleted             bool
		IncludedPermissions []string
	}
	err := read(raw, &v)
	return object.Role{
		Name: v.Name, Title: v.Title, Stage: v.Stage, Deleted: v.Deleted, Permissions: slices.Compact(slices.Sorted(slices.Values(v.IncludedPermissions))),
		Known: full || len(v.IncludedPermissions) > 0,
	}, err
}

// DenyPolicy converts a deny policy of IAM v2. Its resource is in its name:
// policies/RESOURCE/denypolicies/ID, with the slashes of the resource escaped.
func DenyPolicy(raw []byte) (object.DenyPolicy, error) {
	var v struct {
		Name, DisplayName string
		Rules             []struct {
			Description string
			DenyRule    struct {
				DeniedPrincipals, ExceptionPrincipals, DeniedPermissions, ExceptionPermissions []string
				DenialCondition                                                                *expression
			}
		}
	}
	err := read(raw, &v)
	p := object.DenyPolicy{Name: v.Name, DisplayName: v.DisplayName, Resource: attached(v.Name)}
	for _, r := range v.Rules {
		d := r.DenyRule
		p.Rules = append(p.Rules, object.DenyRule{
			Principals: d.DeniedPrincipals, Except: d.ExceptionPrincipals, Permissions: d.DeniedPermissions, ExceptPermissions: d.ExceptionPermissions,
			Condition: d.DenialCondition.condition(), Description: r.Description,
		})
	}
	return p, err
}

// attached is the resource in the name of a deny policy, as Resource spells it.
func attached(name string) string {
	rest, ok := strings.CutPrefix(name, "policies/")
	if !ok {
		return ""
	}
	rest, _, ok = strings.Cut(rest, "/denypolicies")
	if !ok {
		return ""
	}
	text, err := url.PathUnescape(rest)
	if err != nil {
		return ""
	}
	return Resource(text)
}

// Resource spells a full resource name as object.Policy does: organizations/123,
// folders/123, projects/ID, or the name without its leading slashes.
func Resource(name string) string {
	name = Bare(name)
	if rest, ok := strings.CutPrefix(name, "cloudresourcemanager.googleapis.com/"); ok {
		return rest
	}
	return name
}

// AccessBoundary converts a PrincipalAccessBoundaryPolicy of IAM v3.
func AccessBoundary(raw []byte) (object.AccessBoundary, error) {
	var v struct {
		Name, DisplayName string
		Details           struct {
			EnforcementVersion string
			Rules              []struct {
				Effect    string
				Resources []string
			}
		}
	}
	err := read(raw, &v)
	b := object.AccessBoundary{Name: v.Name, DisplayName: v.DisplayName, Version: v.Details.EnforcementVersion}
	for _, r := range v.Details.Rules {
		for _, name := range r.Resources {
			b.Resources = append(b.Resources, Resource(name))
		}
	}
	return b, err
}

// A Bound is a policy binding of IAM v3: what a principal access boundary policy is
// bound to.
type Bound struct {
	Name, Policy, Target string // Target is a principal set
	Condition            *object.Condition
}

// ReadBound converts a PolicyBinding of IAM v3.
func ReadBound(raw []byte) (Bound, error) {
	var v struct {
		Name, Policy string
		Target       struct{ PrincipalSet string }
		Condition    *expression
	}
	err := read(raw, &v)
	return Bound{v.Name, v.Policy, v.Target.PrincipalSet, v.Condition.condition()}, err
}

// An Insight is one of Recommender with what its kind adds.
type Insight struct {
	object.Insight
	Project string   // number or id; empty for one of a folder or organisation
	Used    []string // permissions that were exercised, or that Google infers to be needed
	Last    Moment   // last authentication of the account, of an insight of accounts
}

// ReadInsight converts an Insight of Recommender.
func ReadInsight(raw []byte) (Insight, error) {
	type permission struct{ Permission string }
	var v struct {
		Name, InsightSubtype string
		LastRefreshTime      Moment
		ObservationPeriod    span
		StateInfo            struct{ State string }
		TargetResources      []string
		Content              struct {
			Role, Member, Email          string
			ExercisedPermissions         []permission
			InferredPermissions          []permission
			CurrentTotalPermissionsCount json.Number
			LastAuthenticatedTime        Moment
		}
	}
	err := read(raw, &v)
	i := Insight{Project: known(Part(v.Name, "projects")), Last: v.Content.LastAuthenticatedTime}
	i.Kind, i.Subtype, i.Role, i.Member = Part(v.Name, "insightTypes"), v.InsightSubtype, v.Content.Role, v.Content.Member
	if i.Member == "" {
		i.Member = v.Content.Email
	}
	i.State, i.At = v.StateInfo.State, v.LastRefreshTime.Time
	if !i.At.IsZero() && v.ObservationPeriod > 0 {
		i.From = i.At.Add(-time.Duration(v.ObservationPeriod))
	}
	if len(v.TargetResources) > 0 {
		i.Resource = Resource(v.TargetResources[0])
	}
	if n, err := v.Content.CurrentTotalPermissionsCount.Int64(); err == nil && n > 0 && n < 1<<20 {
		i.Total = int(n)
	}
	for _, p := range slices.Concat(v.Content.ExercisedPermissions, v.Content.InferredPermissions) {
		i.Used = append(i.Used, p.Permission)
	}
	slices.Sort(i.Used)
	i.Used = slices.Compact(i.Used)
	return i, err
}
