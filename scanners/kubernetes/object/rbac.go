package object

import (
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/muster-nhi/muster/internal/privilege"
)

// GroupRBAC is the API group of roles and bindings.
const GroupRBAC = "rbac.authorization.k8s.io"

// FromRole keeps what Role has of a Role.
func FromRole(o *rbacv1.Role) Role {
	return Role{Meta: FromMeta("Role", GroupRBAC, &o.ObjectMeta), Rules: rules(o.Rules)}
}

// FromClusterRole keeps what Role has of a ClusterRole. An aggregated one that
// has rules was filled in by the controller.
func FromClusterRole(o *rbacv1.ClusterRole) Role {
	out := Role{Meta: FromMeta("ClusterRole", GroupRBAC, &o.ObjectMeta), Rules: rules(o.Rules)}
	if o.AggregationRule != nil {
		for i := range o.AggregationRule.ClusterRoleSelectors {
			out.Aggregate = append(out.Aggregate, selector(&o.AggregationRule.ClusterRoleSelectors[i]))
		}
		out.Aggregated = len(out.Rules) > 0
	}
	return out
}

// FromRoleBinding keeps what Binding has of a RoleBinding. A ServiceAccount
// without a namespace stays without one: the API server refuses it.
func FromRoleBinding(o *rbacv1.RoleBinding) Binding {
	return binding(FromMeta("RoleBinding", GroupRBAC, &o.ObjectMeta), o.RoleRef, o.Subjects)
}

// FromClusterRoleBinding keeps what Binding has of a ClusterRoleBinding.
func FromClusterRoleBinding(o *rbacv1.ClusterRoleBinding) Binding {
	return binding(FromMeta("ClusterRoleBinding", GroupRBAC, &o.ObjectMeta), o.RoleRef, o.Subjects)
}

func binding(m Meta, ref rbacv1.RoleRef, subjects []rbacv1.Subject) Binding {
	out := Binding{Meta: m, RoleKind: intern(ref.Kind), RoleName: intern(ref.Name)}
	for _, s := range subjects {
		out.Subjects = append(out.Subjects, Subject{Kind: intern(s.Kind), Namespace: intern(s.Namespace), Name: intern(s.Name)})
	}
	return out
}

func rules(list []rbacv1.PolicyRule) []privilege.Rule {
	var out []privilege.Rule
	for _, r := range list {
		out = append(out, privilege.Rule{
			Verbs: internAll(r.Verbs), APIGroups: internAll(r.APIGroups), Resources: internAll(r.Resources),
			ResourceNames: internAll(r.ResourceNames), NonResourceURLs: internAll(r.NonResourceURLs),
		})
	}
	return out
}

func selector(s *metav1.LabelSelector) Selector {
	out := Selector{Labels: labels(s.MatchLabels)}
	for _, r := range s.MatchExpressions {
		out.Requirements = append(out.Requirements, Requirement{Key: intern(r.Key), Operator: string(r.Operator), Values: internAll(r.Values)})
	}
	return out
}
