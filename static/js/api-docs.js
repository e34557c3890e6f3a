// Shows the API's description; acts tried out here use the session of the page or a token.
"use strict";

(() => {
  const place = document.getElementById("api-docs");
  const withCsrf = (request) => {
    const isOurs = new URL(request.url, location.href).origin === location.origin;
    if (isOurs && request.method && request.method !== "GET") {
      request.headers["X-CSRFToken"] = place.dataset.csrf;
    }
    return request;
  };
  SwaggerUIBundle({
    url: place.dataset.schema,
    domNode: place,
    deepLinking: true,
    requestInterceptor: withCsrf,
    validatorUrl: null,
  });
})();
