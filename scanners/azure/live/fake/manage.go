package fake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	azfake "github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"
	authorization "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/keyvault/armkeyvault"
	keyvault "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/keyvault/armkeyvault/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"
	msi "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resourcegraph/armresourcegraph"
	resourcegraph "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resourcegraph/armresourcegraph/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armsubscriptions"
	subscriptions "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armsubscriptions/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage"
	storage "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage/fake"
)

// A route leads from a path of Resource Manager to one of Microsoft's fake servers,
// which goes by the name of the operation.
type route struct {
	path   *regexp.Regexp
	api    string
	server func(s *Server, r *http.Request, subscription, rest string) transporter
}

func routes() []route {
	at := func(path, api string, server func(*Server, *http.Request, string, string) transporter) route {
		return route{regexp.MustCompile(`(?i)^` + path + `$`), api, server}
	}
	const sub = `/subscriptions/([^/]+)`
	const auth = sub + `/providers/Microsoft.Authorization`
	return []route{
		at(`/subscriptions()()`, "Client.NewListPager", (*Server).subscriptions),
		at(`/providers/Microsoft.ResourceGraph/resources()()`, "Client.Resources", (*Server).resources),
		at(auth+`/(roleAssignments)`, "RoleAssignmentsClient.NewListForSubscriptionPager", (*Server).authorization),
		at(auth+`/(roleDefinitions)`, "RoleDefinitionsClient.NewListPager", (*Server).authorization),
		at(auth+`/(denyAssignments)`, "DenyAssignmentsClient.NewListPager", (*Server).authorization),
		at(auth+`/(roleEligibilityScheduleInstances)`, "RoleEligibilityScheduleInstancesClient.NewListForScopePager", (*Server).authorization),
		at(sub+`/providers/Microsoft.ManagedIdentity/(userAssignedIdentities)`, "UserAssignedIdentitiesClient.NewListBySubscriptionPager", (*Server).identities),
		at(sub+`(/resourceGroups/[^/]+/providers/Microsoft.ManagedIdentity/userAssignedIdentities/[^/]+)/federatedIdentityCredentials`, "FederatedIdentityCredentialsClient.NewListPager", (*Server).identities),
		at(sub+`/providers/Microsoft.Storage/(storageAccounts)`, "AccountsClient.NewListPager", (*Server).stores),
		at(sub+`/providers/Microsoft.KeyVault/(vaults)`, "VaultsClient.NewListBySubscriptionPager", (*Server).keyVaults),
	}
}

// manage answers for Resource Manager.
func (s *Server) manage(w http.ResponseWriter, r *http.Request, _ Request) {
	s.compiled.Do(func() {
		s.routes, s.contacts = routes(), regexp.MustCompile(`(?i)^/subscriptions/([^/]+)/providers/Microsoft.Security/securityContacts$`)
	})
	if parts := s.contacts.FindStringSubmatch(r.URL.Path); parts != nil {
		write(w, http.StatusOK, Tree{"value": all(s.Manage["securityContacts/"+strings.ToLower(parts[1])])})
		return
	}
	for _, route := range s.routes {
		parts := route.path.FindStringSubmatch(r.URL.Path)
		if parts == nil {
			continue
		}
		server := route.server(s, r, strings.ToLower(parts[1]), strings.ToLower(parts[2]))
		pass(w, r, server, route.api)
		return
	}
	Refuse(w, http.StatusNotFound, "InvalidResourceType", "The resource type could not be found in the namespace for "+r.URL.Path)
}

// pass lets one of Microsoft's fake servers answer.
func pass(w http.ResponseWriter, r *http.Request, server transporter, api string) {
	clone := r.Clone(context.WithValue(r.Context(), runtime.CtxAPINameKey{}, api))
	if clone.URL.Host == "" {
		clone.URL.Scheme, clone.URL.Host = "https", r.Host
	}
	res, err := server.Do(clone)
	if err != nil {
		Refuse(w, http.StatusBadRequest, "InvalidRequest", err.Error())
		return
	}
	defer res.Body.Close() //nolint:errcheck // it is in memory
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(res.StatusCode)
	_, _ = io.Copy(w, res.Body) // the reader hung up
}

// all makes the items of a listing.
func all(list List) []Tree {
	out := []Tree{}
	if list == nil {
		return out
	}
	for i := range list.Len() {
		out = append(out, list.At(i))
	}
	return out
}

// as turns items into Microsoft's models, which refuse what they do not know the
// type of.
func as[T any](items []Tree) []*T {
	out := []*T{}
	for _, t := range items {
		one := new(T)
		data, err := json.Marshal(t)
		if err == nil {
			err = json.Unmarshal(data, one)
		}
		if err != nil {
			panic(fmt.Sprintf("a fixture is not what Microsoft's model says: %v", err))
		}
		out = append(out, one)
	}
	return out
}

// pages makes the page of a listing that a request asks for. It has no memory, as a
// request may be repeated.
func pages[R, T any](s *Server, r *http.Request, items []*T, page func([]*T, *string) R) azfake.PagerResponder[R] {
	var out azfake.PagerResponder[R]
	size := s.Page
	if size <= 0 {
		size = 1000
	}
	begin, err := strconv.Atoi(r.URL.Query().Get("$skiptoken"))
	if err != nil {
		begin = 0
	}
	end := min(begin+size, len(items))
	var next *string
	if end < len(items) {
		u := *r.URL
		u.Scheme, u.Host = "https", r.Host
		q := u.Query()
		q.Set("$skiptoken", strconv.Itoa(end))
		u.RawQuery = q.Encode()
		next = new(u.String())
	}
	out.AddPage(http.StatusOK, page(items[min(begin, end):end], next), nil)
	return out
}

func (s *Server) subscriptions(r *http.Request, _, _ string) transporter {
	return subscriptions.NewServerTransport(&subscriptions.Server{
		NewListPager: func(*armsubscriptions.ClientListOptions) azfake.PagerResponder[armsubscriptions.ClientListResponse] {
			return pages(s, r, as[armsubscriptions.Subscription](all(s.Manage["subscriptions"])), func(v []*armsubscriptions.Subscription, next *string) armsubscriptions.ClientListResponse {
				return armsubscriptions.ClientListResponse{SubscriptionListResult: armsubscriptions.SubscriptionListResult{Value: v, NextLink: next}}
			})
		},
	})
}

// maxRows is how many rows Resource Graph sends on a page.
const maxRows = 1000

func (s *Server) resources(_ *http.Request, _, _ string) transporter {
	return resourcegraph.NewServerTransport(&resourcegraph.Server{
		Resources: func(_ context.Context, in armresourcegraph.QueryRequest, _ *armresourcegraph.ClientResourcesOptions) (azfake.Responder[armresourcegraph.ClientResourcesResponse], azfake.ErrorResponder) {
			var out azfake.Responder[armresourcegraph.ClientResourcesResponse]
			var failed azfake.ErrorResponder
			answer, err := s.query(in)
			if err != nil {
				failed.SetResponseError(http.StatusBadRequest, "InvalidQuery")
				return out, failed
			}
			out.SetResponse(http.StatusOK, armresourcegraph.ClientResourcesResponse{QueryResponse: answer}, nil)
			return out, failed
		},
	})
}

func (s *Server) query(in armresourcegraph.QueryRequest) (armresourcegraph.QueryResponse, error) {
	var none armresourcegraph.QueryResponse
	if in.Query == nil || in.Options == nil || in.Options.Top == nil || *in.Options.Top > maxRows {
		return none, errors.New("a query takes at most 1000 rows")
	}
	q, err := parse(*in.Query)
	if err != nil {
		return none, err
	}
	begin := 0
	if in.Options.SkipToken != nil {
		if begin, err = strconv.Atoi(*in.Options.SkipToken); err != nil {
			return none, err //nolint:wrapcheck // it becomes a code
		}
	}
	var subs []string
	for _, id := range in.Subscriptions {
		subs = append(subs, *id)
	}
	list := s.Tables[q.table]
	if list == nil {
		list = Trees{}
	}
	size := int(*in.Options.Top)
	if s.Page > 0 {
		size = min(size, s.Page)
	}
	rows, next := q.run(list, begin, size, subs)
	out := armresourcegraph.QueryResponse{
		Data: rows, Count: new(int64(len(rows))), TotalRecords: new(int64(list.Len())), ResultTruncated: to.Ptr(armresourcegraph.ResultTruncatedFalse),
	}
	if next >= 0 {
		out.SkipToken = new(strconv.Itoa(next))
	}
	return out, nil
}

// of returns what a table has of one type in one subscription, and above it.
func (s *Server) of(table, kind, subscription string) []Tree {
	var out []Tree
	for _, t := range all(s.Tables[table]) {
		sub := asText(t["subscriptionId"])
		if strings.EqualFold(asText(t["type"]), kind) && (sub == "" || strings.EqualFold(sub, subscription)) {
			out = append(out, t)
		}
	}
	return out
}

func (s *Server) authorization(r *http.Request, subscription, _ string) transporter {
	lists := func(kind string) []Tree { return all(s.Manage[kind+"/"+subscription]) }
	return authorization.NewServerFactoryTransport(&authorization.ServerFactory{
		RoleAssignmentsServer: authorization.RoleAssignmentsServer{
			NewListForSubscriptionPager: func(*armauthorization.RoleAssignmentsClientListForSubscriptionOptions) azfake.PagerResponder[armauthorization.RoleAssignmentsClientListForSubscriptionResponse] {
				return pages(s, r, as[armauthorization.RoleAssignment](s.of("authorizationresources", "microsoft.authorization/roleassignments", subscription)), func(v []*armauthorization.RoleAssignment, next *string) armauthorization.RoleAssignmentsClientListForSubscriptionResponse {
					return armauthorization.RoleAssignmentsClientListForSubscriptionResponse{RoleAssignmentListResult: armauthorization.RoleAssignmentListResult{Value: v, NextLink: next}}
				})
			},
		},
		RoleDefinitionsServer: authorization.RoleDefinitionsServer{
			NewListPager: func(string, *armauthorization.RoleDefinitionsClientListOptions) azfake.PagerResponder[armauthorization.RoleDefinitionsClientListResponse] {
				return pages(s, r, as[armauthorization.RoleDefinition](s.of("authorizationresources", "microsoft.authorization/roledefinitions", subscription)), func(v []*armauthorization.RoleDefinition, next *string) armauthorization.RoleDefinitionsClientListResponse {
					return armauthorization.RoleDefinitionsClientListResponse{RoleDefinitionListResult: armauthorization.RoleDefinitionListResult{Value: v, NextLink: next}}
				})
			},
		},
		DenyAssignmentsServer: authorization.DenyAssignmentsServer{
			NewListPager: func(*armauthorization.DenyAssignmentsClientListOptions) azfake.PagerResponder[armauthorization.DenyAssignmentsClientListResponse] {
				return pages(s, r, as[armauthorization.DenyAssignment](lists("denyAssignments")), func(v []*armauthorization.DenyAssignment, next *string) armauthorization.DenyAssignmentsClientListResponse {
					return armauthorization.DenyAssignmentsClientListResponse{DenyAssignmentListResult: armauthorization.DenyAssignmentListResult{Value: v, NextLink: next}}
				})
			},
		},
		RoleEligibilityScheduleInstancesServer: authorization.RoleEligibilityScheduleInstancesServer{
			NewListForScopePager: func(string, *armauthorization.RoleEligibilityScheduleInstancesClientListForScopeOptions) azfake.PagerResponder[armauthorization.RoleEligibilityScheduleInstancesClientListForScopeResponse] {
				return pages(s, r, as[armauthorization.RoleEligibilityScheduleInstance](lists("roleEligibilityScheduleInstances")), func(v []*armauthorization.RoleEligibilityScheduleInstance, next *string) armauthorization.RoleEligibilityScheduleInstancesClientListForScopeResponse {
					return armauthorization.RoleEligibilityScheduleInstancesClientListForScopeResponse{RoleEligibilityScheduleInstanceListResult: armauthorization.RoleEligibilityScheduleInstanceListResult{Value: v, NextLink: next}}
				})
			},
		},
	})
}

func (s *Server) identities(r *http.Request, subscription, rest string) transporter {
	return msi.NewServerFactoryTransport(&msi.ServerFactory{
		UserAssignedIdentitiesServer: msi.UserAssignedIdentitiesServer{
			NewListBySubscriptionPager: func(*armmsi.UserAssignedIdentitiesClientListBySubscriptionOptions) azfake.PagerResponder[armmsi.UserAssignedIdentitiesClientListBySubscriptionResponse] {
				return pages(s, r, as[armmsi.Identity](s.of("resources", "microsoft.managedidentity/userassignedidentities", subscription)), func(v []*armmsi.Identity, next *string) armmsi.UserAssignedIdentitiesClientListBySubscriptionResponse {
					return armmsi.UserAssignedIdentitiesClientListBySubscriptionResponse{UserAssignedIdentitiesListResult: armmsi.UserAssignedIdentitiesListResult{Value: v, NextLink: next}}
				})
			},
		},
		FederatedIdentityCredentialsServer: msi.FederatedIdentityCredentialsServer{
			NewListPager: func(string, string, *armmsi.FederatedIdentityCredentialsClientListOptions) azfake.PagerResponder[armmsi.FederatedIdentityCredentialsClientListResponse] {
				return pages(s, r, as[armmsi.FederatedIdentityCredential](all(s.Manage["/subscriptions/"+subscription+rest])), func(v []*armmsi.FederatedIdentityCredential, next *string) armmsi.FederatedIdentityCredentialsClientListResponse {
					return armmsi.FederatedIdentityCredentialsClientListResponse{FederatedIdentityCredentialsListResult: armmsi.FederatedIdentityCredentialsListResult{Value: v, NextLink: next}}
				})
			},
		},
	})
}

func (s *Server) stores(r *http.Request, subscription, _ string) transporter {
	return storage.NewServerFactoryTransport(&storage.ServerFactory{AccountsServer: storage.AccountsServer{
		NewListPager: func(*armstorage.AccountsClientListOptions) azfake.PagerResponder[armstorage.AccountsClientListResponse] {
			return pages(s, r, as[armstorage.Account](s.of("resources", "microsoft.storage/storageaccounts", subscription)), func(v []*armstorage.Account, next *string) armstorage.AccountsClientListResponse {
				return armstorage.AccountsClientListResponse{AccountListResult: armstorage.AccountListResult{Value: v, NextLink: next}}
			})
		},
	}})
}

func (s *Server) keyVaults(r *http.Request, subscription, _ string) transporter {
	return keyvault.NewServerFactoryTransport(&keyvault.ServerFactory{VaultsServer: keyvault.VaultsServer{
		NewListBySubscriptionPager: func(*armkeyvault.VaultsClientListBySubscriptionOptions) azfake.PagerResponder[armkeyvault.VaultsClientListBySubscriptionResponse] {
			return pages(s, r, as[armkeyvault.Vault](s.of("resources", "microsoft.keyvault/vaults", subscription)), func(v []*armkeyvault.Vault, next *string) armkeyvault.VaultsClientListBySubscriptionResponse {
				return armkeyvault.VaultsClientListBySubscriptionResponse{VaultListResult: armkeyvault.VaultListResult{Value: v, NextLink: next}}
			})
		},
	}})
}
