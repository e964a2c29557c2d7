package live

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

const managementService = cloud.ResourceManager

// claims are what a token says of its holder (Microsoft identity platform, access
// token claims).
type claims struct {
	Tenant string   `json:"tid"`
	Object string   `json:"oid"`
	App    string   `json:"appid"`
	AppV2  string   `json:"azp"`
	Name   string   `json:"app_displayname"`
	UPN    string   `json:"upn"`
	Roles  []string `json:"roles"`
}

func (c claims) name() string { return cmp.Or(c.UPN, c.Name, c.App, c.AppV2) }

// claims gets a token and reads its claims. One that is no JWT says nothing, which
// is no error.
func (x *run) claims(ctx context.Context, audience string) (claims, error) {
	token, err := x.credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{audience + "/.default"}})
	if err != nil {
		return claims{}, err //nolint:wrapcheck // the caller does
	}
	var out claims
	parts := strings.Split(token.Token, ".")
	if len(parts) != 3 {
		return out, nil
	}
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil || json.Unmarshal(data, &out) != nil {
		return claims{}, nil //nolint:nilerr // a token that cannot be read is still a token
	}
	return out, nil
}
