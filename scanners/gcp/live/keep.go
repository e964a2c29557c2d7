package live

import (
	"github.com/muster-nhi/muster/scanners/gcp/convert"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// What follows is what may come before that which it belongs to. It is put together
// once all was read.

// An ownKey is a key with the account that it is of: an e-mail address or unique id.
type ownKey struct {
	account string
	key     object.AccountKey
}

func (s *site) keepAccount(a asset) error {
	account, _, err := convert.Account(a.Resource.Data)
	s.p.Accounts = append(s.p.Accounts, account)
	return err
}

func (s *site) keepKey(a asset) error {
	k, account, _, err := convert.AccountKey(a.Resource.Data)
	if account == "" {
		account = convert.Part(a.Name, "serviceAccounts")
	}
	s.loose = append(s.loose, ownKey{account, s.run.texts.key(k)})
	return err
}

func (s *site) keepRole(a asset) error {
	role, err := convert.Role(a.Resource.Data, true)
	s.custom = append(s.custom, s.run.texts.role(role))
	return err
}

func (s *site) keepAPIKey(a asset) error {
	k, _, err := convert.APIKey(a.Resource.Data)
	s.p.Keys = append(s.p.Keys, k)
	return err
}

func (s *site) keepSecret(a asset) error {
	x, _, err := convert.Secret(a.Resource.Data)
	s.p.Secrets = append(s.p.Secrets, x)
	return err
}

func (s *site) keepVersion(a asset) error {
	v, secret, err := convert.SecretVersion(a.Resource.Data)
	s.versions[secret] = append(s.versions[secret], v)
	return err
}

func (s *site) keepCryptoKey(a asset) error {
	k, _, err := convert.CryptoKey(a.Resource.Data)
	s.p.KMS = append(s.p.KMS, k)
	return err
}

func (s *site) keepPool(a asset) error {
	pool, _, err := convert.Pool(a.Resource.Data)
	s.p.Pools = append(s.p.Pools, pool)
	return err
}

func (s *site) keepProvider(a asset) error {
	provider, pool, err := convert.Provider(a.Resource.Data)
	s.providers[pool] = append(s.providers[pool], provider)
	return err
}

func (s *site) keepService(a asset) error {
	name, on, _, err := convert.Service(a.Resource.Data)
	if on && err == nil {
		s.p.Services = append(s.p.Services, s.run.texts.one(name))
	}
	return err
}

func (s *site) keepConsumer(a asset) error {
	found, err := convert.Consumers(a.AssetType, a.Name, a.Resource.Data)
	s.p.Consumers = append(s.p.Consumers, found...)
	return err
}

// join puts keys to their accounts, versions to their secrets and providers to their
// pools.
func (s *site) join() {
	at := map[string]int{}
	for i := range s.p.Accounts {
		a := &s.p.Accounts[i]
		at[a.Email], at[a.UniqueID] = i, i
		a.KeysKnown = s.told["iam.serviceAccountKeys.list"]
		if when, ok := s.birth[a.Email]; ok {
			a.CreatedAt = when
		} else if when, ok := s.birth[a.UniqueID]; ok && a.UniqueID != "" {
			a.CreatedAt = when
		}
	}
	for _, k := range s.loose {
		if i, ok := at[k.account]; ok {
			s.p.Accounts[i].Keys = append(s.p.Accounts[i].Keys, k.key)
		}
	}
	for i := range s.p.Secrets {
		x := &s.p.Secrets[i]
		x.Versions, x.VersionsKnown = s.versions[x.Name], s.told["secretmanager.versions.list"]
	}
	for i := range s.p.Pools {
		p := &s.p.Pools[i]
		p.Providers, p.ProvidersKnown = s.providers[p.Name], s.told["iam.workloadIdentityPoolProviders.list"]
	}
	s.loose, s.versions, s.providers, s.birth = nil, nil, nil, nil
}
