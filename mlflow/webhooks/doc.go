// Package webhooks has the messages and routes of webhooks: requests that the server sends to
// URLs when something happens in the registry or to a run.
//
// A program that receives them checks their signature with [Verify]:
//
//	http.HandleFunc("POST /registry", func(w http.ResponseWriter, r *http.Request) {
//		event, err := webhooks.Receive(r, secret)
//		if err != nil {
//			http.Error(w, err.Error(), http.StatusBadRequest)
//			return
//		}
//		log.Println(event.Entity, event.Action, string(event.Data))
//	})
package webhooks
