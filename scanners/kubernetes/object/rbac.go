package object

import (
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/muster-nhi/muster/internal/privilege"
)

// GroupRBAC is the API group of roles and bindings.
const GroupRBAC = "rbac.authorization.k8s.io"

// FromRole keeps what Role has of a Role.
func (t *Texts) FromRole(o *rbacv1.Role) Role {
	return Role{Meta: t.FromMeta("Role", GroupRBAC, &o.ObjectMeta), Rules: t.rules(o.Rules)}
}

// FromClusterRole keeps what Role has of a ClusterRole. An aggregated one that
// has rules was filled in by the controller.
func (t *Texts) FromClusterRole(o *rbacv1.ClusterRole) Role {
	out := Role{Meta: t.FromMeta("ClusterRole", GroupRBAC, &o.ObjectMeta), Rules: t.rules(o.Rules)}
	if o.AggregationRule != nil {
		for i := range o.AggregationRule.ClusterRoleSelectors {
			out.Aggregate = append(out.Aggregate, t.selector(&o.AggregationRule.ClusterRoleSelectors[i]))
		}
		out.Aggregated = len(out.Rules) > 0
	}
	return out
}

// FromRoleBinding keeps what Binding has of a RoleBinding. A ServiceAccount
// without a namespace stays without one: it is one of the binding's namespace. Only
// in a ClusterRoleBinding the API server refuses that.
func (t *Texts) FromRoleBinding(o *rbacv1.RoleBinding) Binding {
	return t.binding(t.FromMeta("RoleBinding", GroupRBAC, &o.ObjectMeta), o.RoleRef, o.Subjects)
}

// FromClusterRoleBinding keeps what Binding has of a ClusterRoleBinding.
func (t *Texts) FromClusterRoleBinding(o *rbacv1.ClusterRoleBinding) Binding {
	return t.binding(t.FromMeta("ClusterRoleBinding", GroupRBAC, &o.ObjectMeta), o.RoleRef, o.Subjects)
}

func (t *Texts) binding(m Meta, ref rbacv1.RoleRef, subjects []rbacv1.Subject) Binding {
	out := Binding{Meta: m, RoleKind: t.intern(ref.Kind), RoleName: t.intern(ref.Name)}
	for _, s := range subjects {
		out.Subjects = append(out.Subjects, Subject{Kind: t.intern(s.Kind), Namespace: t.intern(s.Namespace), Name: t.intern(s.Name)})
	}
	return out
}

func (t *Texts) rules(list []rbacv1.PolicyRule) []privilege.Rule {
	var out []privilege.Rule
	for _, r := range list {
		out = append(out, privilege.Rule{
			Verbs: t.internAll(r.Verbs), APIGroups: t.internAll(r.APIGroups), Resources: t.internAll(r.Resources),
			ResourceNames: t.internAll(r.ResourceNames), NonResourceURLs: t.internAll(r.NonResourceURLs),
		})
	}
	return out
}

func (t *Texts) selector(s *metav1.LabelSelector) Selector {
	out := Selector{Labels: t.labels(s.MatchLabels)}
	for _, r := range s.MatchExpressions {
		out.Requirements = append(out.Requirements, Requirement{Key: t.intern(r.Key), Operator: string(r.Operator), Values: t.internAll(r.Values)})
	}
	return out
}
